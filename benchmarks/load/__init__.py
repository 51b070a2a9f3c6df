"""What puts load on a server, and measures it from the client's side."""
