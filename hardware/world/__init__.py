"""Who lives behind an emulated device: telephones, central offices."""
