"""What comms teams keep, spreadsheets, documents and pages, becomes a draft programme and the questions left."""
