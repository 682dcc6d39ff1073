"""The B2BUA: legs become calls here, driven by dialplan scripts through `gateway.core.switch`."""
