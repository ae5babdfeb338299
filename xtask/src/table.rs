//! Tables in the terminal: columns as wide as their widest cell.

/// How a column is set.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Right,
}

/// The table as lines, the head first and a rule under it.
pub(crate) fn render(head: &[(&str, Align)], rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain([head[column].0.chars().count()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let set = cells.zip(&widths).zip(head).map(|((cell, width), (_, align))| {
            let padding = " ".repeat(width.saturating_sub(cell.chars().count()));
            if *align == Align::Left { format!("{cell}{padding}") } else { format!("{padding}{cell}") }
        });
        let joined = set.collect::<Vec<_>>().join("  ");
        format!("{}\n", joined.trim_end())
    };
    let mut text = line(&mut head.iter().map(|(title, _)| *title));
    let rule: Vec<String> = widths.iter().map(|width| "─".repeat(*width)).collect();
    text += &line(&mut rule.iter().map(String::as_str));
    for row in rows {
        text += &line(&mut row.iter().map(String::as_str));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Align, render};

    #[test]
    fn cells_line_up_by_letters_and_not_by_bytes() {
        let rows = [vec!["✔".to_owned(), "7".to_owned()], vec!["long".to_owned(), "12".to_owned()]];
        let text = render(&[("a", Align::Left), ("jobs", Align::Right)], &rows);
        assert_eq!(text, "a     jobs\n────  ────\n✔        7\nlong    12\n");
    }
}
