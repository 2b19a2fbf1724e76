//! Would admission deny this request, and by what.
