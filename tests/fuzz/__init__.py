"""What anybody may send, mutated: nothing may raise, last, or leave anything behind."""
