//! Export, then import: the same definitions, whatever they are.
