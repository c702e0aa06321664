"""The ground floor: turn question files into drawn variants whose answers PyTorch computed."""
