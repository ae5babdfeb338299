//! What a reader gives, and what it keeps.

use crate::{half, run};
use core_loop::yield_now;
use futures_lite::future::poll_once;
use futures_lite::{AsyncBufReadExt, AsyncReadExt, StreamExt};
use loop_io::{IncompleteRead, ReadExactError, ReadLineError, ReadUntilError};
use std::io::{self, Read, Write};

#[test]
fn bytes_come_as_they_were_sent_and_then_the_end() {
    run(async {
        let (mut reader, _writer, mut theirs) = half().await;
        theirs.write_all(b"hello world").unwrap();
        assert_eq!(reader.read(5).await.unwrap(), b"hello");
        assert_eq!(reader.buffer(), b" world");
        reader.consume(1);
        assert_eq!(reader.read_exact(5).await.unwrap(), b"world");
        drop(theirs);
        assert_eq!(reader.read(1).await.unwrap(), b"");
        assert!(reader.at_eof());
    });
}

#[test]
fn an_end_in_the_middle_gives_what_came_before_it() {
    run(async {
        let (mut reader, _writer, mut theirs) = half().await;
        theirs.write_all(b"abc").unwrap();
        drop(theirs);
        let Err(ReadExactError::Incomplete(incomplete)) = reader.read_exact(5).await else {
            panic!("3 of 5")
        };
        assert_eq!(incomplete, IncompleteRead { partial: b"abc".to_vec(), expected: Some(5) });
        assert_eq!(
            io::Error::from(ReadExactError::Incomplete(incomplete)).kind(),
            io::ErrorKind::UnexpectedEof
        );
    });
}

#[test]
fn a_read_that_is_given_up_at_any_place_loses_nothing() {
    run(async {
        let (mut reader, _writer, mut theirs) = half().await;
        let text = b"0123456789\n";
        for given_up in 0..text.len() {
            theirs.write_all(&text[..given_up]).unwrap();
            assert!(poll_once(reader.read_exact(text.len())).await.is_none());
            if given_up > 0 {
                // What was sent is on its way through the kernel: it has come when it is in the buffer.
                while reader.buffer().len() < given_up {
                    assert!(poll_once(reader.readline()).await.is_none());
                    yield_now().await;
                }
            }
            assert!(poll_once(reader.read_to_end()).await.is_none());
            assert!(poll_once(reader.read_until("\n")).await.is_none());
            theirs.write_all(&text[given_up..]).unwrap();
            assert_eq!(reader.read_exact(text.len()).await.unwrap(), text);
        }
    });
}

#[test]
fn of_several_separators_the_one_that_ends_first_counts() {
    run(async {
        let (mut reader, _writer, mut theirs) = half().await;
        theirs.write_all(b"some data; more\r\nrest").unwrap();
        assert_eq!(reader.read_until_any(&[b"\r\n", b";"]).await.unwrap(), b"some data;");
        assert_eq!(reader.read_until_any(&[b"\r\n", b"\n"]).await.unwrap(), b" more\r\n");
        drop(theirs);
        let Err(ReadUntilError::Incomplete(incomplete)) = reader.read_until(b"\n").await else {
            panic!("no end")
        };
        assert_eq!(incomplete.partial, b"rest");
    });
}

#[test]
fn a_separator_that_comes_in_pieces_is_found() {
    run(async {
        let (mut reader, _writer, mut theirs) = half().await;
        let mut reading = Box::pin(async move { reader.read_until("<<END>>").await });
        for piece in ["one <<EN", "D> <", "<EN", "D>", "> two"] {
            assert!(poll_once(&mut reading).await.is_none());
            theirs.write_all(piece.as_bytes()).unwrap();
            yield_now().await;
        }
        assert_eq!(reading.await.unwrap(), b"one <<END> <<END>>");
    });
}

#[test]
fn beyond_the_limit_nothing_is_lost() {
    run(async {
        let (mut reader, _writer, mut theirs) = half().await;
        reader.limit(3);
        theirs.write_all(b"abcdef,g,").unwrap();
        let Err(ReadUntilError::Overrun(overrun)) = reader.read_until(",").await else { panic!("too long") };
        assert_eq!((overrun.limit, &reader.buffer()[..overrun.consumed]), (3, &b"abcdef"[..]));
        reader.limit(6);
        assert_eq!(reader.read_until(",").await.unwrap(), b"abcdef,");
        assert_eq!(reader.read_until(",").await.unwrap(), b"g,");
    });
}

#[test]
fn a_line_that_is_too_long_is_skipped_even_if_most_of_it_comes_later() {
    run(async {
        let (mut reader, _writer, mut theirs) = half().await;
        reader.limit(7);
        theirs.write_all(b"0123456\n").unwrap();
        assert_eq!(reader.readline().await.unwrap(), b"0123456\n");
        theirs.write_all(b"01234567\nnext\n").unwrap();
        assert!(matches!(reader.readline().await, Err(ReadLineError::TooLong(_))));
        assert_eq!(reader.readline().await.unwrap(), b"next\n");
        theirs.write_all(b"0123456789").unwrap();
        assert!(matches!(reader.readline().await, Err(ReadLineError::TooLong(_))));
        theirs.write_all(b"still the same line\nnext\n").unwrap();
        assert_eq!(reader.readline().await.unwrap(), b"next\n");
    });
}

#[test]
fn lines_are_a_stream_of_text_that_goes_on_after_a_bad_one() {
    run(async {
        let (mut reader, _writer, mut theirs) = half().await;
        theirs.write_all(b"one\r\n\xff\xfe\ntwo\n\nlast").unwrap();
        drop(theirs);
        let lines: Vec<_> = reader.text_lines().collect().await;
        let text: Vec<_> = lines.iter().map(|line| line.as_deref().ok()).collect();
        assert_eq!(text, [Some("one"), None, Some("two"), Some(""), Some("last")]);
        let Err(ReadLineError::Invalid(invalid)) = &lines[1] else { panic!("{lines:?}") };
        assert_eq!((&invalid.line[..], invalid.valid_up_to), (&b"\xff\xfe"[..], 0));
    });
}

#[test]
fn a_stream_of_lines_ends_with_the_error_of_its_connection() {
    run(async {
        let (mut reader, writer, mut theirs) = half().await;
        writer.write(b"hardly read").unwrap();
        theirs.write_all(b"one\n").unwrap();
        assert_eq!(reader.next().await.unwrap().unwrap(), b"one\n");
        // One byte of it, so that the rest has arrived: what was not read makes this a reset.
        theirs.read_exact(&mut [0]).unwrap();
        drop(theirs);
        assert!(matches!(reader.next().await, Some(Err(ReadLineError::Io(_)))));
        assert!(reader.next().await.is_none());
        assert!(reader.text_lines().next().await.is_none());
    });
}

#[test]
fn the_traits_of_futures_io_read_from_the_same_buffer() {
    run(async {
        let (mut reader, _writer, mut theirs) = half().await;
        theirs.write_all(b"line\nrest").unwrap();
        let mut line = String::new();
        AsyncBufReadExt::read_line(&mut reader, &mut line).await.unwrap();
        let mut four = [0; 4];
        AsyncReadExt::read_exact(&mut reader, &mut four).await.unwrap();
        assert_eq!((&line[..], &four), ("line\n", b"rest"));
        assert_eq!(AsyncReadExt::read(&mut reader, &mut []).await.unwrap(), 0);
    });
}

#[test]
fn a_reader_that_finds_everything_in_its_buffer_lets_others_run() {
    run(async {
        let (mut reader, _writer, mut theirs) = half().await;
        theirs.write_all(&b"\n".repeat(10_000)).unwrap();
        reader.read_exact(5_000).await.unwrap();
        let read = async {
            loop {
                reader.readline().await.unwrap();
            }
        };
        assert!(poll_once(read).await.is_none(), "it has given up its turn");
    });
}
