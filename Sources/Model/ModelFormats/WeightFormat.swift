/// A format of weight files that tensors are found in.
///
/// The raw value is in the catalog and in `--json` output, and never changes.
public enum WeightFormat: String, Hashable, Sendable, Codable, CaseIterable {
    /// Hugging Face's safetensors.
    case safetensors
    /// A zip archive of PyTorch: `torch.save`, TorchScript, `torch.export`.
    case torch
    /// What `torch.save` wrote before version 1.6: pickles with the storages behind them.
    case torchLegacy = "torch-legacy"
    /// An ONNX model.
    case onnx
    /// A file of raw tensors beside an ONNX model.
    case onnxData = "onnx-data"
    /// A Caffe network with its weights: `.caffemodel`.
    case caffe
    /// The state of a Caffe solver: `.solverstate`.
    case caffeSolver = "caffe-solver"
    /// GGUF of llama.cpp.
    case gguf
    /// An HDF5 file, as Keras and Caffe write them.
    case hdf5
    /// A zip archive of Keras 3 with an HDF5 file in it.
    case keras
    /// One NumPy array.
    case npy
    /// A zip archive of NumPy arrays, stored without compression.
    case npz
}
