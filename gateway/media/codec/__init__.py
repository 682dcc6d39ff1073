"""Speech codecs as pure stages: samples to octets and back, state in a record, nothing else."""
