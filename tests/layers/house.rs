//! The house as its files tell it: who imports whom, which circles there are, and what is long.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// A source file, by its path from the top of the project with `/` between.
pub type File = String;

/// All source files and the imports between them.
pub struct House {
    pub texts: BTreeMap<File, String>,
    /// For each file those that it imports.
    pub imports: BTreeMap<File, BTreeSet<File>>,
}

impl House {
    /// Reads these folders of a project. A folder with a `lib.rs` or a `main.rs` is a crate's root.
    pub fn read(project: &Path, folders: &[&str]) -> Self {
        let mut texts = BTreeMap::new();
        for folder in folders {
            collect(project, &project.join(folder), &mut texts);
        }
        Self::of(texts)
    }

    /// The house of these texts.
    pub fn of(texts: BTreeMap<File, String>) -> Self {
        let modules = Modules::of(&texts);
        let imports = texts
            .iter()
            .map(|(file, text)| {
                let mut found = match modules.place.get(file) {
                    Some(_) => modules.imports(file),
                    None => of_script(file, text, &texts),
                };
                found.remove(file);
                (file.clone(), found)
            })
            .collect();
        Self { texts, imports }
    }

    /// The shortest circle through each knot of files that reach each other.
    pub fn circles(&self) -> Vec<Vec<File>> {
        let reached: BTreeMap<&File, BTreeSet<&File>> =
            self.imports.keys().map(|file| (file, self.reached(file))).collect();
        let mut circles = Vec::new();
        let mut seen: BTreeSet<&File> = BTreeSet::new();
        for (file, others) in &reached {
            if !others.contains(file) || seen.contains(file) {
                continue;
            }
            let knot = others.iter().filter(|other| reached[*other].contains(file));
            seen.extend(knot.clone());
            circles.extend(knot.filter_map(|other| self.way(other, other)).min_by_key(Vec::len));
        }
        circles
    }

    /// The imports by which a folder's part uses one that stands above it: `order` is from the bottom up, and
    /// whoever is missing there is told, too.
    pub fn upward(&self, folder: &str, order: &[&str]) -> Vec<String> {
        let part = |file: &File| {
            let below = file.strip_prefix(folder)?.strip_prefix('/')?;
            let part = below.split('/').next().unwrap_or(below);
            Some(part.trim_end_matches(".rs").trim_end_matches(".tsx").trim_end_matches(".ts").to_owned())
        };
        let heads = ["mod", "lib", "main"];
        let floor = |part: &str| order.iter().position(|known| *known == part);
        let mut told = BTreeSet::new();
        for (file, imports) in &self.imports {
            let Some(from) = part(file).filter(|part| !heads.contains(&part.as_str())) else { continue };
            let Some(low) = floor(&from) else {
                told.insert(format!("`{folder}/{from}` has no floor; say in FLOORS above what it stands"));
                continue;
            };
            for import in imports {
                let Some(to) = part(import).filter(|part| !heads.contains(&part.as_str())) else { continue };
                if floor(&to).is_some_and(|high| high > low) {
                    told.insert(format!("`{file}` imports `{import}`, and `{to}` stands above `{from}`"));
                }
            }
        }
        told.into_iter().collect()
    }

    /// For each folder its files and their lines.
    pub fn folders(&self) -> BTreeMap<&str, (usize, usize)> {
        let mut folders = BTreeMap::new();
        for (file, text) in &self.texts {
            let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
            let (files, lines) = folders.entry(folder).or_insert((0, 0));
            *files += 1;
            *lines += text.lines().count();
        }
        folders
    }

    /// The functions of Rust with the lines that they take, the longest first.
    pub fn functions(&self) -> Vec<(usize, String)> {
        let mut functions = Vec::new();
        for (file, text) in self.texts.iter().filter(|(file, _)| file.ends_with(".rs")) {
            let lines: Vec<&str> = text.lines().collect();
            for (start, line) in lines.iter().enumerate() {
                let Some(name) = function(line) else { continue };
                let indent = line.len() - line.trim_start().len();
                let end = format!("{}}}", " ".repeat(indent));
                if let Some(length) = lines[start..].iter().position(|line| *line == end) {
                    functions.push((length + 1, format!("{file}: {name}")));
                }
            }
        }
        functions.sort_by(|a, b| b.cmp(a));
        functions
    }

    fn reached<'h>(&'h self, from: &'h File) -> BTreeSet<&'h File> {
        let mut reached = BTreeSet::new();
        let mut next = vec![from];
        while let Some(file) = next.pop() {
            for import in self.imports.get(file).into_iter().flatten() {
                if reached.insert(import) {
                    next.push(import);
                }
            }
        }
        reached
    }

    /// The shortest way by imports, both ends named.
    fn way(&self, from: &File, to: &File) -> Option<Vec<File>> {
        let mut before: BTreeMap<&File, &File> = BTreeMap::new();
        let mut next = VecDeque::from([from]);
        while let Some(file) = next.pop_front() {
            for import in self.imports.get(file).into_iter().flatten() {
                if before.contains_key(import) {
                    continue;
                }
                before.insert(import, file);
                if import == to {
                    let mut way = vec![to.clone()];
                    let mut at = file;
                    while at != from {
                        way.push(at.clone());
                        at = before[at];
                    }
                    way.push(from.clone());
                    way.reverse();
                    return Some(way);
                }
                next.push_back(import);
            }
        }
        None
    }
}

fn collect(project: &Path, folder: &Path, texts: &mut BTreeMap<File, String>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for path in entries.map(|entry| entry.unwrap().path()) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            collect(project, &path, texts);
        } else if name != "tests.rs" && [".rs", ".ts", ".tsx"].iter().any(|end| name.ends_with(end)) {
            let file = path.strip_prefix(project).unwrap().to_string_lossy().replace('\\', "/");
            texts.insert(file, fs::read_to_string(&path).unwrap());
        }
    }
}

/// The name of the function that begins in a line.
fn function(line: &str) -> Option<&str> {
    let mut rest = line.trim_start();
    for word in ["pub", "(crate)", "(super)", "const", "async", "unsafe"] {
        rest = rest.strip_prefix(word).map_or(rest, str::trim_start);
    }
    let name = rest.strip_prefix("fn ")?;
    Some(&name[..name.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(name.len())])
}

/// What a path names, and the name that a `use` brings by it.
type Named = (Vec<String>, Option<String>);

/// A module's path from its crate's root: the root's folder, then the names.
type Module = Vec<String>;

/// The modules of all crates.
struct Modules {
    /// Where each file stands.
    place: BTreeMap<File, Module>,
    file: BTreeMap<Module, File>,
    /// The paths that each file names: in a `use` with the name that it brings, else alone.
    named: BTreeMap<File, Vec<Named>>,
    text: BTreeMap<File, String>,
}

impl Modules {
    fn of(texts: &BTreeMap<File, String>) -> Self {
        let is_root = |file: &&File| file.ends_with("/lib.rs") || file.ends_with("/main.rs");
        let mut roots: Vec<String> =
            texts.keys().filter(is_root).map(|file| file.rsplit_once('/').unwrap().0.to_owned()).collect();
        roots.sort_by_key(|root| std::cmp::Reverse(root.len()));
        let mut modules = Self {
            place: BTreeMap::new(),
            file: BTreeMap::new(),
            named: BTreeMap::new(),
            text: BTreeMap::new(),
        };
        for (file, text) in texts.iter().filter(|(file, _)| file.ends_with(".rs")) {
            let below =
                |root: &String| file.strip_prefix(root.as_str())?.strip_prefix('/').map(str::to_owned);
            let Some((root, below)) = roots.iter().find_map(|root| Some((root.clone(), below(root)?))) else {
                continue;
            };
            let mut module = vec![root];
            module.extend(below.trim_end_matches(".rs").split('/').map(str::to_owned));
            if ["mod", "lib", "main"].contains(&module.last().unwrap().as_str()) {
                module.pop();
            }
            modules.place.insert(file.clone(), module.clone());
            modules.file.insert(module, file.clone());
            modules.text.insert(file.clone(), code(text));
        }
        let places: Vec<(File, Module)> = modules.place.clone().into_iter().collect();
        for (file, module) in places {
            let named = modules.paths(&modules.text[&file], &module);
            modules.named.insert(file, named);
        }
        modules
    }

    /// Every path in a text that begins at the crate, at this module, above it or in a module below it.
    fn paths(&self, text: &str, module: &Module) -> Vec<Named> {
        let mut named = Vec::new();
        let mut inner: Vec<Range<usize>> = Vec::new();
        let mut at = 0;
        while at < text.len() {
            let rest = &text[at..];
            let length = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            if length == 0 {
                at += rest.chars().next().map_or(1, char::len_utf8);
                continue;
            }
            let word = &rest[..length];
            // Neither a part of a path, nor who may see something.
            let is_inner = ["::", ".", "(in "].iter().any(|end| text[..at].ends_with(end));
            let mut child = module.clone();
            child.push(word.to_owned());
            let begins = ["crate", "super", "self"].contains(&word) || self.file.contains_key(&child);
            if word == "mod" && rest[length..].trim_start().contains('{') {
                inner.extend(body(text, at));
            }
            if !is_inner && begins && rest[length..].starts_with("::") {
                let (mut paths, taken) = expanded(rest);
                // Within a module that stands in the file itself, as many `super` lead no further than the file.
                let depth = inner.iter().filter(|body| body.contains(&at)).count();
                for (path, _) in &mut paths {
                    let supers = path.iter().take_while(|segment| *segment == "super").count();
                    path.drain(..supers.min(depth));
                    if supers > 0 && supers <= depth {
                        path.insert(0, "self".into());
                    }
                }
                let is_use = text[..at].trim_end().ends_with("use");
                for (path, name) in paths {
                    named.push((path, name.filter(|_| is_use)));
                }
                at += taken;
            } else {
                at += length;
            }
        }
        named
    }

    fn imports(&self, file: &File) -> BTreeSet<File> {
        let module = &self.place[file];
        self.named[file].iter().filter_map(|(path, _)| self.found(module, path, 0)).collect()
    }

    /// The file that defines what a path names, re-exports followed.
    fn found(&self, from: &Module, path: &[String], depth: usize) -> Option<File> {
        let mut at = from.clone();
        let mut segments = path.iter().peekable();
        match segments.peek()?.as_str() {
            "crate" => {
                at.truncate(1);
                segments.next();
            }
            "self" => {
                segments.next();
            }
            "super" => {
                while segments.next_if(|segment| *segment == "super").is_some() {
                    if at.len() > 1 {
                        at.pop();
                    }
                }
            }
            _ => {}
        }
        for segment in segments {
            let mut child = at.clone();
            child.push(segment.clone());
            if self.file.contains_key(&child) {
                at = child;
                continue;
            }
            let file = self.file.get(&at)?;
            if self.defines(file, segment) || depth > 8 {
                return Some(file.clone());
            }
            let brings = |(_, name): &&Named| name.as_ref() == Some(segment);
            if let Some((path, _)) = self.named[file].iter().find(brings) {
                return self.found(&at, path, depth + 1);
            }
            let all = self.named[file].iter().filter(|(_, name)| name.as_deref() == Some("*"));
            let brought = all
                .filter_map(|(path, _)| self.found(&at, &path[..path.len() - 1], depth + 1))
                .find(|file| self.defines(file, segment));
            return Some(brought.unwrap_or_else(|| file.clone()));
        }
        self.file.get(&at).cloned()
    }

    fn defines(&self, file: &File, name: &str) -> bool {
        const KINDS: [&str; 9] =
            ["fn", "struct", "enum", "const", "static", "trait", "type", "mod", "macro_rules!"];
        self.text[file].match_indices(name).any(|(at, _)| {
            let (before, after) = (&self.text[file][..at], &self.text[file][at + name.len()..]);
            KINDS.iter().any(|kind| before.ends_with(&format!("{kind} ")))
                && !after.starts_with(|c: char| c.is_alphanumeric() || c == '_')
        })
    }
}

/// The body of a module that stands in the file: `mod` is at this place. None where a file of its own has it.
fn body(text: &str, at: usize) -> Option<Range<usize>> {
    let open = at + text[at..].find(['{', ';']).filter(|end| text.as_bytes()[at + end] == b'{')?;
    let mut depth = 0_usize;
    for (place, byte) in text.bytes().enumerate().skip(open) {
        match byte {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(open..place);
        }
    }
    None
}

/// A path as it begins a text, its braces opened, each with the name that it brings; and the bytes that it takes.
fn expanded(text: &str) -> (Vec<Named>, usize) {
    let bytes = text.as_bytes();
    let mut at = 0;
    let mut path: Vec<String> = Vec::new();
    loop {
        let rest = &text[at..];
        let length = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        if length > 0 {
            path.push(rest[..length].to_owned());
            at += length;
            if text[at..].starts_with("::") {
                at += 2;
                continue;
            }
            let mut name = path.last().cloned();
            if let Some(other) = text[at..].strip_prefix(" as ") {
                let length = other.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(other.len());
                name = Some(other[..length].to_owned());
                at += 4 + length;
            } else if name.as_deref() == Some("self") {
                path.pop();
                name = path.last().cloned();
            }
            return (vec![(path, name)], at);
        }
        match bytes.get(at) {
            Some(b'*') => {
                path.push("*".into());
                return (vec![(path, Some("*".into()))], at + 1);
            }
            Some(b'{') => {
                at += 1;
                let mut all = Vec::new();
                loop {
                    let skipped = text[at..].find(|c: char| !c.is_whitespace() && c != ',').unwrap_or(0);
                    at += skipped;
                    if bytes.get(at).is_none_or(|byte| *byte == b'}') {
                        return (all, at + 1);
                    }
                    let (inner, taken) = expanded(&text[at..]);
                    for (tail, name) in inner {
                        all.push((path.iter().cloned().chain(tail).collect(), name));
                    }
                    at += taken.max(1);
                }
            }
            _ => return (vec![(path, None)], at.max(1)),
        }
    }
}

/// The code of a file without comments, texts and the tests at its end.
fn code(text: &str) -> String {
    let text = text
        .find("\n#[cfg(test)]\n")
        .filter(|at| text[*at..].contains("\nmod tests"))
        .map_or(text, |end| &text[..end]);
    let mut code = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['/', '"', '\'']) {
        code.push_str(&rest[..at]);
        let tail = &rest[at..];
        let end = if tail.starts_with("//") {
            tail.find('\n').unwrap_or(tail.len())
        } else if let Some(inside) = tail.strip_prefix('"') {
            let hashes = code.len() - code.trim_end_matches('#').len();
            if code.trim_end_matches('#').ends_with('r') {
                let close = format!("\"{}", "#".repeat(hashes));
                inside.find(&close).map_or(tail.len(), |end| 1 + end + close.len())
            } else {
                quoted(tail)
            }
        } else if tail.starts_with("'\"'") || tail.starts_with("'/'") {
            3
        } else if let Some(escaped) = tail.strip_prefix("'\\") {
            escaped.find('\'').map_or(tail.len(), |end| end + 3)
        } else {
            code.push_str(&tail[..1]);
            1
        };
        rest = &tail[end..];
    }
    code.push_str(rest);
    code
}

/// The bytes of a text in quotes, both quotes counted.
fn quoted(text: &str) -> usize {
    let mut is_escaped = false;
    for (at, letter) in text.char_indices().skip(1) {
        match letter {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// What a module of the page imports: `from "…"`, `import "…"` and `import("…")`.
fn of_script(file: &File, text: &str, texts: &BTreeMap<File, String>) -> BTreeSet<File> {
    let folder = Path::new(file).parent().unwrap();
    let mut imports = BTreeSet::new();
    for word in ["from \"", "import \"", "import(\""] {
        for (at, _) in text.match_indices(word) {
            let path = text[at + word.len()..].split('"').next().unwrap_or_default();
            if !path.starts_with('.') {
                continue;
            }
            let base = normal(&folder.join(path));
            let ends = ["", ".ts", ".tsx", "/index.ts", "/index.tsx"];
            imports
                .extend(ends.iter().map(|end| format!("{base}{end}")).find(|file| texts.contains_key(file)));
        }
    }
    imports
}

/// A path without `.` and `..`.
fn normal(path: &Path) -> String {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::ParentDir => {
                normal.pop();
            }
            std::path::Component::CurDir => {}
            part => normal.push(part),
        }
    }
    normal.to_string_lossy().replace('\\', "/")
}
