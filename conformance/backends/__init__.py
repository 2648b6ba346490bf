"""Who is judged: how an adapter is found, guarded, and given its scans."""
