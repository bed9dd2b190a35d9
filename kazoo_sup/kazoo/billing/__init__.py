"""What accounts are charged for: services, resellers, plans, balances, limits, rates and dedicated addresses."""
