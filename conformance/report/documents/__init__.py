"""Documents for those who review a port: the arrays, what differs tensor by tensor, and how it is tested."""
