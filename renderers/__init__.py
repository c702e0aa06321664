"""Turn exams into documents, and documents into HTML and PDF."""
