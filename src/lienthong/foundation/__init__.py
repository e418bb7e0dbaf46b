"""Clock, ids, JSON, signing, Vietnamese text, blobs and errors; knows nothing of the rest."""
