//! The words of an attribute's definition (RFC 7643 §2.3, §7).

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(missing_docs, reason = "the names are the standard's own")]
        pub enum $name { $($variant),+ }

        impl $name {
            /// Every word there is.
            pub const WORDS: &'static [&'static str] = &[$($word),+];

            /// The word as it stands in a schema.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// What the word means; without ASCII case, as some services write it.
            pub fn parse(word: &str) -> Option<Self> {
                $(if word.eq_ignore_ascii_case($word) { return Some(Self::$variant); })+
                None
            }
        }
    };
}

words! {
    /// The data type (RFC 7643 §2.3).
    Type {
        String = "string", Boolean = "boolean", Decimal = "decimal", Integer = "integer",
        DateTime = "dateTime", Binary = "binary", Reference = "reference", Complex = "complex",
    }
}

words! {
    /// Who may write it, and when (RFC 7643 §7).
    Mutability {
        ReadOnly = "readOnly", ReadWrite = "readWrite", Immutable = "immutable", WriteOnly = "writeOnly",
    }
}

words! {
    /// When it is shown (RFC 7643 §7).
    Returned { Always = "always", Never = "never", Default = "default", Request = "request" }
}

words! {
    /// Where a value may stand once only (RFC 7643 §7).
    Uniqueness { None = "none", Server = "server", Global = "global" }
}
