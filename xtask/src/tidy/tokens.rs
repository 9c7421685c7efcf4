//! The code of a Rust file as words, without comments, literals and tests.

/// Words and punctuation, in order. `::` is one word.
pub fn tokens(text: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = if first.is_whitespace() {
            first.len_utf8()
        } else if let Some(length) = comment(rest).or_else(|| literal(rest)) {
            length
        } else {
            let length = word(rest).max(if rest.starts_with("::") { 2 } else { first.len_utf8() });
            tokens.push(&rest[..length]);
            length
        };
        rest = &rest[length..];
    }
    without_tests(&tokens)
}

/// Whether a token is a name or a keyword.
pub fn is_word(token: &str) -> bool {
    word(token) == token.len()
}

/// The length of the word that a text begins with, in bytes.
fn word(text: &str) -> usize {
    text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len())
}

/// The length of the comment that a text begins with.
fn comment(text: &str) -> Option<usize> {
    if text.starts_with("//") {
        return Some(text.find('\n').unwrap_or(text.len()));
    }
    text.starts_with("/*").then(|| text.find("*/").map_or(text.len(), |end| end + 2))
}

/// The length of the string, character or lifetime that a text begins with.
fn literal(text: &str) -> Option<usize> {
    let body = text.trim_start_matches(['b', 'r']);
    let prefix = text.len() - body.len();
    if prefix > 2 {
        return None;
    }
    let hashes = body.len() - body.trim_start_matches('#').len();
    if text[..prefix].ends_with('r') && body[hashes..].starts_with('"') {
        let end = format!("\"{}", "#".repeat(hashes));
        let start = prefix + hashes + 1;
        return Some(text[start..].find(&end).map_or(text.len(), |found| start + found + end.len()));
    }
    let quote = body.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let mut inside = body.char_indices().skip(1);
    let is_lifetime = quote == '\'' && !body[1..].starts_with('\\') && body[1..].chars().nth(1) != Some('\'');
    if is_lifetime {
        return (prefix == 0).then(|| 1 + word(&body[1..]));
    }
    while let Some((at, c)) = inside.next() {
        if c == '\\' {
            inside.next();
        } else if c == quote {
            return Some(prefix + at + 1);
        }
    }
    Some(text.len())
}

/// Leaves out each item that only tests have.
fn without_tests<'a>(tokens: &[&'a str]) -> Vec<&'a str> {
    let mut kept = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if tokens[at..].starts_with(&TEST) {
            at += TEST.len() + item(&tokens[at + TEST.len()..]);
        } else {
            kept.push(tokens[at]);
            at += 1;
        }
    }
    kept
}

/// What marks an item that only tests have.
const TEST: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];

/// How many tokens the first item has: up to its `;`, or to the end of its body.
fn item(tokens: &[&str]) -> usize {
    let mut depth = 0_usize;
    for (at, &token) in tokens.iter().enumerate() {
        match token {
            "{" | "(" | "[" => depth += 1,
            "}" | ")" | "]" if depth == 0 => return at,
            "}" if depth == 1 => return at + 1,
            "}" | ")" | "]" => depth -= 1,
            ";" if depth == 0 => return at + 1,
            _ => {}
        }
    }
    tokens.len()
}

#[cfg(test)]
mod tests {
    use super::tokens;

    #[test]
    fn comments_literals_and_tests_are_no_code() {
        let text = "a /* b */ ::c // d\n\"e \\\" f\" r#\"g \" h\"# 'i' '\\'' 'j: k\n#[cfg(test)] mod l { m(); } n #[cfg(test)] mod o; p";
        assert_eq!(tokens(text), ["a", "::", "c", ":", "k", "n", "p"]);
    }
}
