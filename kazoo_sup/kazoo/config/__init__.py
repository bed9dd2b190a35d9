"""Settings: system_config and account configs, and the schemas that describe them."""
