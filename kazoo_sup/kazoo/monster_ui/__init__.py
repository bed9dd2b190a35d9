"""Monster UI's apps: files, documents, and which an account has."""
