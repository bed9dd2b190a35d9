"""What happens to a call: restrictions, endpoints, feature codes, groups, metaflows."""
