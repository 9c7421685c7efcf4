//! What a Rust file imports and mentions.

use super::tokens::{is_word, tokens};

/// A path of names, such as `crate::x::Y`.
pub type NamePath<'a> = Vec<&'a str>;

/// One name that a file imports.
#[derive(Debug, PartialEq, Eq)]
pub struct Import<'a> {
    /// What is imported. The last name is `*` for all of a module.
    pub path: NamePath<'a>,
    /// What it is called in the file.
    pub alias: &'a str,
    /// Whether other files can import it from this one.
    pub is_public: bool,
}

/// A file as a module.
#[derive(Debug, Default)]
pub struct Module<'a> {
    /// What it imports.
    pub imports: Vec<Import<'a>>,
    /// Every path in the rest of the code, single names included, but for fields and names that functions and methods have.
    pub mentions: Vec<NamePath<'a>>,
}

impl<'a> Module<'a> {
    /// Reads a file.
    pub fn parse(text: &'a str) -> Self {
        let tokens = tokens(text);
        let mut module = Self::default();
        let mut at = 0;
        let mut is_public = false;
        while at < tokens.len() {
            let token = tokens[at];
            if token == "use" {
                at = module.import(&tokens, at + 1, &[], is_public);
            } else if is_word(token) && (at == 0 || !matches!(tokens[at - 1], "." | "fn")) {
                let mut path = vec![token];
                while tokens.get(at + 1) == Some(&"::") && tokens.get(at + 2).is_some_and(|next| is_word(next)) {
                    path.push(tokens[at + 2]);
                    at += 2;
                }
                at += 1;
                module.mentions.push(path);
            } else {
                at += 1;
            }
            // `pub`, or the end of `pub(crate)`.
            is_public = token == "pub" || (is_public && matches!(token, "(" | "crate" | "super" | "in" | ")"));
        }
        module
    }

    /// Reads a tree of imports, and returns where it ends.
    fn import(&mut self, tokens: &[&'a str], mut at: usize, before: &[&'a str], is_public: bool) -> usize {
        let mut path = before.to_vec();
        while let Some(&token) = tokens.get(at) {
            match token {
                "::" => at += 1,
                "{" => {
                    at += 1;
                    while tokens.get(at).is_some_and(|&token| token != "}") {
                        at = self.import(tokens, at, &path, is_public);
                        at += usize::from(tokens.get(at) == Some(&","));
                    }
                    return at + 1;
                }
                "as" => {
                    let alias = tokens.get(at + 1).copied().unwrap_or_default();
                    self.imports.push(Import { path, alias, is_public });
                    return at + 2;
                }
                "self" if !before.is_empty() => at += 1,
                "*" => {
                    path.push(token);
                    at += 1;
                }
                token if is_word(token) => {
                    path.push(token);
                    at += 1;
                }
                _ => break,
            }
        }
        let alias = path.last().copied().unwrap_or_default();
        self.imports.push(Import { path, alias, is_public });
        at
    }
}

#[cfg(test)]
mod tests {
    use super::Module;

    #[test]
    fn trees_of_imports_are_read() {
        let module =
            Module::parse("pub(crate) use crate::{a::{self, B as C}, d::*}; use e; fn f() { g::h(); i.j::<k>(); }");
        let imports: Vec<String> = module
            .imports
            .iter()
            .map(|import| format!("{} {} {}", import.path.join("::"), import.alias, import.is_public))
            .collect();
        assert_eq!(imports, ["crate::a a true", "crate::a::B C true", "crate::d::* * true", "e e false"]);
        let mentions: Vec<String> = module.mentions.iter().map(|path| path.join("::")).collect();
        assert_eq!(mentions, ["pub", "crate", "fn", "g::h", "i", "k"]);
    }
}
