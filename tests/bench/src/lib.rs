//! Load generator and native comparator
