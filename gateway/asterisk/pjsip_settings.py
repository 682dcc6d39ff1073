"""Which settings of pjsip.conf are read, and which hold here anyway, so that nothing is lost with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["MENDS", "SAME", "TAKEN"]

TAKEN: Final[Mapping[str, frozenset[str]]] = {
    "endpoint": frozenset(
        "type context auth outbound_auth aors disallow allow callerid from_user from_domain outbound_proxy "
        "mailboxes call_group pickup_group named_call_group named_pickup_group deny permit media_encryption "
        "media_encryption_optimistic trust_id_inbound set_var accountcode tone_zone dtmf_mode t38_udptl "
        "rtp_timeout rtp_timeout_hold".split()
    ),
    "aor": frozenset(
        "type contact max_contacts qualify_frequency outbound_proxy mailboxes minimum_expiration "
        "maximum_expiration".split()
    ),
    "auth": frozenset("type auth_type username password md5_cred password_digest realm".split()),
    "identify": frozenset("type endpoint match".split()),
    "registration": frozenset(
        "type server_uri client_uri outbound_auth expiration endpoint outbound_proxy line support_outbound".split()
    ),
    "transport": frozenset(
        "type protocol bind cert_file priv_key_file ca_list_file verify_client require_client_cert "
        "external_signaling_address external_media_address".split()
    ),
    "acl": frozenset("type deny permit".split()),
    "global": frozenset({"type", "default_realm"}),
    "system": frozenset({"type", "timer_t1"}),
}
"""Settings that are read, by the type of their section."""
_ANY: Final[frozenset[str]] = frozenset()
_NO: Final = frozenset({"no", "false", "off", "0"})
_YES: Final = frozenset({"yes", "true", "on", "1"})
SAME: Final[Mapping[str, frozenset[str]]] = {
    "100rel": _YES,
    "aggregate_mwi": _ANY,
    "allow_subscribe": _YES,
    "allow_reload": _ANY,
    "allow_transfer": _YES,
    "asymmetric_rtp_codec": _ANY,
    "auth_rejection_permanent": _ANY,
    "authenticate_qualify": _ANY,
    "bundle": _NO,
    "compact_headers": _ANY,
    "contact_expiration_check_interval": _ANY,
    "cos": _ANY,
    "cos_audio": _ANY,
    "cos_video": _ANY,
    "debug": _ANY,
    "default_expiration": _ANY,  # a telephone that names none is told ours
    "direct_media": _ANY,  # audio goes through the gateway, always
    "endpoint_identifier_order": _ANY,
    "fatal_retry_interval": _ANY,
    "forbidden_retry_interval": _ANY,
    "force_rport": _YES,
    "ice_support": _NO,
    "identify_by": _ANY,
    "inband_progress": _NO,
    "keep_alive_interval": _ANY,
    "local_net": _ANY,  # what is on a private network is told our own address, always
    "max_audio_streams": _ANY,
    "max_forwards": _ANY,
    "max_initial_qualify_time": _ANY,
    "max_retries": _ANY,
    "max_video_streams": frozenset({"0", "1"}),
    "media_use_received_transport": _ANY,
    "method": _ANY,
    "mwi_subscribe_replaces_unsolicited": _ANY,
    "qualify_timeout": _ANY,
    "redirect_method": frozenset({"user"}),
    "refer_blind_progress": _YES,
    "remove_existing": _ANY,
    "remove_unavailable": _ANY,
    "retry_interval": _ANY,
    "rewrite_contact": _YES,
    "rtcp_mux": _ANY,
    "rtp_ipv6": _ANY,
    "rtp_symmetric": _ANY,  # audio is sent to where it comes from (docs/nat.md)
    "sdp_owner": _ANY,
    "sdp_session": _ANY,
    "send_connected_line": _YES,
    "send_diversion": _YES,
    "send_pai": _YES,
    "srtp_tag_32": _NO,
    "srv_lookups": _ANY,
    "sub_min_expiry": _ANY,
    "support_path": _ANY,
    "symmetric_transport": _ANY,
    "t38_udptl_nat": _ANY,
    "threadpool_auto_increment": _ANY,
    "threadpool_idle_timeout": _ANY,
    "threadpool_initial_size": _ANY,
    "threadpool_max_size": _ANY,
    "timer_b": _ANY,  # 64 times T1, as RFC 3261 has it
    "timers": frozenset({"yes", "required", "always"}),
    "timers_min_se": _ANY,
    "timers_sess_expires": _ANY,
    "tos": _ANY,
    "tos_audio": _ANY,
    "tos_video": _ANY,
    "transport": _ANY,  # every transport that listens serves everybody
    "trust_id_outbound": _ANY,
    "unidentified_request_count": _ANY,
    "unidentified_request_period": _ANY,
    "unidentified_request_prune_interval": _ANY,
    "use_avpf": _NO,
    "use_ptime": _ANY,
    "user_agent": _ANY,
    "user_eq_phone": _NO,
    "webrtc": _NO,
}
"""Settings that hold here always, by the values that say so; an empty set takes any."""

_BROWSERS: Final = (
    "webrtc use_avpf ice_support dtls_auto_generate_cert dtls_ca_file dtls_ca_path dtls_cert_file dtls_cipher "
    "dtls_fingerprint dtls_private_key dtls_rekey dtls_setup dtls_verify"
)
MENDS: Final[Mapping[str, str]] = {
    **dict.fromkeys(_BROWSERS.split(), "the audio of browsers is not built in yet"),
    "acl": "write the networks that may, as permit",
    "device_state_busy_at": "calls of an account is how many it has at once",
    "match_header": "its calls are known by their addresses: write them as sources",
    "message_context": "its texts go to whom its context leads",
    "send_rpid": "who calls is told by P-Asserted-Identity, which has taken its place (RFC 3325)",
    "subscribe_context": "lamps are looked up in its context: include it there",
}
"""What to do about settings that have none here."""
