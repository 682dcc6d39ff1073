"""Names of Asterisk's own that are not built in: a file that has one is told so, not that its writer has misspelt.

A name leaves this list on the day on which it is built in; a test sees to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["APPLICATIONS", "FUNCTIONS", "mend"]

_APPLICATIONS: Final = (
    "AbsoluteTimeout ADSIProg AlarmReceiver BackgroundDetect BridgeAdd BridgeWait BroadcastTransfer "
    "CallCompletionCancel CallCompletionRequest CELGenUserEvent ChangeMonitor DAHDIAcceptR2Call DAHDIBarge "
    "DAHDIRAS DAHDIScan DAHDISendCallreroutingFacility DAHDISendKeypadFacility DBget DBput Dictate DigitTimeout "
    "ExternalIVR Festival GetCPEID ICES JabberSend JACK MeetMe MinivmAccMess MinivmDelete MinivmGreet MinivmMWI "
    "MinivmNotify MinivmRecord MP3Player MYSQL NBScat PrivacyManager ReadFile ReceiveMF ReceiveSF "
    "ReceiveText Reload ResponseTimeout RetryDial SayAlphaCase SayCountedAdj SayCountedNoun SayMoney SayOrdinal "
    "SendImage SendMF SendSF SendURL SetAccount SetCallerID SetCIDName SetCIDNum SetGlobalVar SetLanguage "
    "SetMusicOnHold SetVar Signal SLAStation SLATrunk SMS SpeechActivateGrammar SpeechBackground SpeechCreate "
    "SpeechDestroy Stasis StreamEcho TestClient TestServer WaitForCondition WaitForRing WaitForSignal "
    "WaitMusicOnHold"
)
APPLICATIONS: Final[frozenset[str]] = frozenset(name.lower() for name in _APPLICATIONS.split())
"""In small letters."""

FUNCTIONS: Final[frozenset[str]] = frozenset(
    (
        "AES_DECRYPT AES_ENCRYPT AGC AMI_CLIENT AUDIOHOOK_INHERIT BEEP_CHANNEL BRIDGEFEATURES CALENDAR_BUSY "
        "CALENDAR_EVENT CALENDAR_QUERY CALENDAR_WRITE CALLCOMPLETION CALLERPRES CHECKSIPDOMAIN "
        "DENOISE DUNDILOOKUP DUNDIQUERY DUNDIRESULT FEATURE FEATUREMAP FILE "
        "FILE_COUNT_LINE FILE_FORMAT FRAME_DROP FRAME_TRACE HOLD_INTERCEPT IAXPEER ICONV JABBER_RECEIVE "
        "JABBER_STATUS MASTER_CHANNEL MEETME_INFO MINIVMACCOUNT MINIVMCOUNTER MUTEAUDIO ODBC "
        "ODBC_FETCH PITCH_SHIFT PJSIP_AOR PJSIP_CONTACT PJSIP_DTMF_MODE PJSIP_ENDPOINT "
        "PJSIP_HEADER_PARAM PJSIP_MEDIA_OFFER PJSIP_MOH_PASSTHROUGH PJSIP_PARSE_URI PJSIP_RESPONSE_HEADER "
        "PJSIP_SEND_SESSION_REFRESH PJSIP_TRANSFER_HANDLING PP_EACH_EXTENSION PP_EACH_USER PRESENCE_STATE "
        "QUEUE_GET_CHANNEL REALTIME REALTIME_DESTROY REALTIME_FIELD REALTIME_HASH REALTIME_STORE SAYFILES "
        "SCRAMBLE SIPPEER SMDI_MSG SMDI_MSG_RETRIEVE SPEECH SPEECH_ENGINE SPEECH_GRAMMAR SPEECH_RESULTS "
        "SPEECH_SCORE SPEECH_TEXT SRVQUERY SRVRESULT STAT STIR_SHAKEN SYSINFO TALK_DETECT TESTTIME TONE_DETECT "
        "TRANSFER_DATA UNICAST_RTP VERSION"
    ).split()
)


DATABASE: Final = "ODBC_"
"""How the names begin of functions that func_odbc.conf makes of questions to a database."""

_INSTEAD: Final[Mapping[str, str]] = {
    "AGC": "lines have gains of their own, legs VOLUME",
    "CALLERPRES": "write CALLERID(pres)",
    "DENOISE": "noise is left as it is; leave it out",
    "FEATUREMAP": "keys of features are set in [features]",
    "FILE": "scripts read no files; keep it in DB()",
    "FILE_COUNT_LINE": "scripts read no files; keep it in DB()",
    "FILE_FORMAT": "scripts read no files; keep it in DB()",
    "STAT": "scripts read no files; keep it in DB()",
    "absolutetimeout": "write Set(TIMEOUT(absolute)=…)",
    "dbget": "write Set(name=${DB(…)})",
    "dbput": "write Set(DB(…)=…)",
    "digittimeout": "write Set(TIMEOUT(digit)=…)",
    "festival": "speak it into a sound file beforehand, and write Playback",
    "meetme": "write ConfBridge",
    "mp3player": "name a folder of sound files in [music], and write MusicOnHold",
    "readfile": "scripts read no files; keep it in DB()",
    "mysql": "keep it in DB(), or ask for it by CURL",
    "responsetimeout": "write Set(TIMEOUT(response)=…)",
    "retrydial": "write a While with a Dial and a Wait in it",
    "setaccount": "write Set(CHANNEL(accountcode)=…)",
    "setcallerid": "write Set(CALLERID(all)=…)",
    "setcidname": "write Set(CALLERID(name)=…)",
    "setcidnum": "write Set(CALLERID(num)=…)",
    "setglobalvar": "write Set(GLOBAL(…)=…)",
    "setlanguage": "write Set(CHANNEL(language)=…)",
    "setmusiconhold": "write Set(CHANNEL(musicclass)=…)",
    "setvar": "write Set",
}


def mend(name: str) -> str:
    """What to write in the place of an application (in small letters) or a function."""
    if name.startswith(DATABASE):
        return "ask for it by CURL, or keep it in DB()"
    return _INSTEAD.get(name, "leave it out")
