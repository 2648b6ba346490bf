"""Files that strangers, failing disks and attackers hand over, and what readers make of them."""
