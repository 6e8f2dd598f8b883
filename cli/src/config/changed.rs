//! What two readings of a configuration file differ in.

use toml::{Table, Value};

/// The settings that differ, dotted, in alphabetical order: `tsa.tsu.tsu-1.accuracy_ms`. A table of an array goes by its `name`.
pub(crate) fn changed(before: &Table, after: &Table) -> Vec<String> {
    let mut found = Vec::new();
    compare_tables("", before, after, &mut found);
    found.sort();
    found
}

fn compare_tables(prefix: &str, before: &Table, after: &Table, found: &mut Vec<String>) {
    let mut names: Vec<&String> = before.keys().chain(after.keys()).collect();
    names.sort();
    names.dedup();
    for name in names {
        let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        match (before.get(name), after.get(name)) {
            (Some(before), Some(after)) => compare(path, before, after, found),
            (Some(only), None) | (None, Some(only)) => alone(path, only, found),
            (None, None) => {}
        }
    }
}

fn compare(path: String, before: &Value, after: &Value, found: &mut Vec<String>) {
    match (before, after) {
        (Value::Table(before), Value::Table(after)) => compare_tables(&path, before, after, found),
        (Value::Array(old), Value::Array(new)) => match (by_name(old), by_name(new)) {
            (Some(old_tables), Some(new_tables)) => {
                compare_tables(&path, &old_tables, &new_tables, found);
                // Which one comes first may matter; which ones there are has been said.
                if old.len() == new.len() && names(old) != names(new) {
                    found.push(path);
                }
            }
            _ if before == after => {}
            _ => found.push(path),
        },
        _ if before == after => {}
        _ => found.push(path),
    }
}

/// A setting that only one of the two has; of a table, each of its settings.
fn alone(path: String, value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Table(table) => compare_tables(&path, table, &Table::new(), found),
        Value::Array(array) => match by_name(array) {
            Some(table) => compare_tables(&path, &table, &Table::new(), found),
            None => found.push(path),
        },
        Value::String(_) | Value::Integer(_) | Value::Float(_) | Value::Boolean(_) | Value::Datetime(_) => {
            found.push(path);
        }
    }
}

/// An array of tables that all have a name of their own, as a table of them.
fn by_name(array: &[Value]) -> Option<Table> {
    let mut tables = Table::new();
    for value in array {
        let name = value.as_table()?.get("name")?.as_str()?;
        tables.insert(name.to_owned(), value.clone());
    }
    (!array.is_empty() && tables.len() == array.len()).then_some(tables)
}

fn names(array: &[Value]) -> Vec<&str> {
    array.iter().filter_map(|value| value.get("name").and_then(Value::as_str)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn difference(before: &str, after: &str) -> Vec<String> {
        changed(&before.parse().unwrap(), &after.parse().unwrap())
    }

    #[test]
    fn names_each_setting_that_differs_and_no_value() {
        let before = "[listen]\ntsa = \"a\"\n[[tsa.tsu]]\nname = \"one\"\naccuracy_ms = 500\n[[tsa.tsu]]\nname = \"two\"\nhashes = [\"sha256\"]\n";
        assert!(difference(before, before).is_empty());
        assert_eq!(difference(before, &before.replace("500", "400")), ["tsa.tsu.one.accuracy_ms"]);
        assert_eq!(difference(before, &before.replace("sha256", "sha384")), ["tsa.tsu.two.hashes"]);
        assert_eq!(difference(before, &before.replace("\"a\"", "\"b\"")), ["listen.tsa"]);
        let third = format!("{before}[[tsa.tsu]]\nname = \"three\"\nkey = \"soft:k\"\n");
        assert_eq!(difference(before, &third), ["tsa.tsu.three.key", "tsa.tsu.three.name"]);
        assert_eq!(difference(&third, before), ["tsa.tsu.three.key", "tsa.tsu.three.name"]);
    }

    #[test]
    fn the_order_of_units_is_a_setting_too() {
        let (one, two) = ("[[tsa.tsu]]\nname = \"one\"\n", "[[tsa.tsu]]\nname = \"two\"\n");
        assert_eq!(difference(&format!("{one}{two}"), &format!("{two}{one}")), ["tsa.tsu"]);
    }
}
