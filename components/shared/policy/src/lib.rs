//! Bearer parsing, claim rules, challenges and metadata documents, pure
