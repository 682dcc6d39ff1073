"""Digital spans: E1 and T1 on the DAHDI kernel driver, and their emulation."""
