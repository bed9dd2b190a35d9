"""Results shown in the format asked for."""
