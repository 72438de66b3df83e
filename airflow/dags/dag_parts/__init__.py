"""What both DAGs are made of."""
