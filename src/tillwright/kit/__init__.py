"""What every floor may use; knows nothing of Tillwright's subject."""
