"""What people run beside the filter: `mailfilteradm`."""
