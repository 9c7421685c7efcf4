//! The image table: the words that the volatile boundary must start with.

use engram_air::{Circuit, CircuitBuilder, F, PrimeCharacteristicRing, Trace};

use super::columns::ImageCols;
use crate::{
    address::{SPACES, cells},
    image::{MemoryImage, PAGE_WORDS},
    messages::{IMAGE, image_message},
};

/// The image table. All its columns are committed: the verifier compares their commitment with that of [`image_trace`].
pub fn image_circuit() -> Circuit {
    let mut circuit = CircuitBuilder::new("image").required();
    let mut column = |name: &str| circuit.committed_column(name);
    let (real, space, pointer) = (column("real"), column("space"), column("pointer"));
    let cells = [column("low"), column("high")];
    circuit.send(IMAGE, "word of the image", image_message(space, pointer, cells), real);
    circuit.build()
}

/// The columns for an image: its words that are not zero, by ascending address.
pub fn image_trace(image: &MemoryImage) -> Trace {
    let mut rows = vec![];
    for (space, pointer, word) in words(image) {
        let columns =
            ImageCols { real: F::ONE, space: F::from_u32(space), pointer: F::from_u32(pointer), cells: cells(word) };
        let start = rows.len();
        rows.resize(start + ImageCols::<F>::WIDTH, F::ZERO);
        columns.write(&mut rows[start..]);
    }
    if rows.is_empty() { Trace::zeros(ImageCols::<F>::WIDTH, 1) } else { Trace::from_rows(rows, ImageCols::<F>::WIDTH) }
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
