//! The image table: the words that the volatile boundary must start with.

use engram_air::{Circuit, CircuitBuilder, F, PrimeCharacteristicRing, Trace};

use super::columns::ImageCols;
use crate::{
    address::{SPACES, cells},
    image::{MemoryImage, PAGE_WORDS},
    messages::{IMAGE, image_message},
};

/// The image table. All that it says is committed: the verifier compares the commitment with that of [`image_columns`].
pub fn image_circuit() -> Circuit {
    let mut circuit = CircuitBuilder::new("image").required();
    let mut column = |name: &str| circuit.committed_column(name);
    let (real, space, pointer) = (column("real"), column("space"), column("pointer"));
    let cells = [column("low"), column("high")];
    // The backend takes no table whose columns are all committed.
    let sent = circuit.column("sent");
    circuit.assert_equal("each word of the image is sent", sent.clone(), real);
    circuit.send(IMAGE, "word of the image", image_message(space, pointer, cells), sent);
    circuit.build()
}

/// The committed columns for an image: its words that are not zero, by ascending address.
pub fn image_columns(image: &MemoryImage) -> Trace {
    let words: Vec<(u32, u32, u32)> = words(image).collect();
    let mut trace = Trace::zeros(ImageCols::<F>::WIDTH, words.len());
    for (row, (space, pointer, word)) in words.into_iter().enumerate() {
        let (space, pointer) = (F::from_u32(space), F::from_u32(pointer));
        ImageCols { real: F::ONE, space, pointer, cells: cells(word) }.write(trace.row_mut(row));
    }
    trace
}

/// The column beside the committed ones.
pub fn image_trace(image: &MemoryImage) -> Trace {
    Trace::from_rows(words(image).map(|_| F::ONE).collect(), 1)
}

/// Words that are not zero, as space, pointer and word, by ascending address.
pub(super) fn words(image: &MemoryImage) -> impl Iterator<Item = (u32, u32, u32)> {
    SPACES.iter().flat_map(|space| image.pages(space).map(move |page| (space, page))).flat_map(
        |(space, (page, words))| {
            let pointers = (page * PAGE_WORDS as u32..space.words()).zip(words);
            pointers.filter(|&(_, &word)| word != 0).map(|(pointer, &word)| (space.number, pointer, word))
        },
    )
}
