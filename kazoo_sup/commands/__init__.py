"""The sup functions, one file per sup module and named like it."""
