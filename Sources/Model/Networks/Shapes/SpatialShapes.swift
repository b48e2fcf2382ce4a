extension ShapeInference {
    /// An attribute per spatial dimension; one value stands for all.
    func spatial(_ name: String, count: Int, default value: Int) -> [Int]? {
        guard let numbers = node.attributes[name]?.integers, !numbers.isEmpty else {
            return node.attributes[name] == nil ? Array(repeating: value, count: count) : nil
        }
        if numbers.count == count { return numbers }
        return numbers.count == 1 ? Array(repeating: numbers[0], count: count) : nil
    }

    /// What is added before and behind each spatial dimension, both together.
    private func paddings(count: Int) -> [Int]? {
        guard let numbers = node.attributes["padding"]?.integers, numbers.count == count * 2,
            count > 0
        else { return spatial("padding", count: count, default: 0).map { $0.map { $0 * 2 } } }
        return (0..<count).map { numbers[$0] + numbers[$0 + count] }
    }

    private var isPaddedToSameSize: Bool { node.attributes["padding"]?.text == "same" }

    mutating func convolution() throws(NetworkError) -> ActivationShape? {
        let weight = node.parameter("weight")?.shape
        let isTransposed = node.kind == .deconv
        let groups = node.attributes["groups"]?.integer ?? 1
        let channels = try outputChannels(weight, isTransposed, groups)
        guard groups > 0, channels ?? 1 > 0 else { throw error("its attributes are not positive") }
        guard let input else { return nil }
        guard input.rank >= 3 else { throw error("it needs images, not \(input)") }
        let count = input.rank - 2
        let kernel = spatial("kernel", count: count, default: 1)
        let taken = input.dimensions[1]
        if let taken, taken % groups != 0 {
            throw error("\(taken) channels cannot be divided by \(groups) groups")
        }
        let perGroup = taken.map { $0 / groups }
        let sizes = kernel.map { $0.map(Optional.some) } ?? Array(repeating: nil, count: count)
        try settle(
            "weight",
            isTransposed
                ? [taken, channels.map { $0 / groups }] + sizes : [channels, perGroup] + sizes
        )
        try settle("bias", [channels])
        let spatialSizes = try sizesAfterConvolution(input, kernel, isTransposed)
        return ActivationShape([input.dimensions[0], channels] + spatialSizes)
    }

    private func outputChannels(
        _ weight: [Int]?,
        _ isTransposed: Bool,
        _ groups: Int
    ) throws(NetworkError) -> Int? {
        if let channels = node.attributes["channels"]?.integer { return channels }
        guard let weight, weight.count > 1 else {
            // A new convolution without a number of channels keeps it.
            guard node.initialiser != nil, let input, input.rank > 1 else { return nil }
            return input.dimensions[1]
        }
        return isTransposed ? weight[1].multipliedReportingOverflow(by: groups).0 : weight[0]
    }

    private func sizesAfterConvolution(
        _ input: ActivationShape,
        _ kernel: [Int]?,
        _ isTransposed: Bool
    ) throws(NetworkError) -> [Int?] {
        let count = input.rank - 2
        guard let kernel, let stride = spatial("stride", count: count, default: 1),
            let dilation = spatial("dilation", count: count, default: 1)
        else { return Array(repeating: nil, count: count) }
        guard (kernel + stride + dilation).allSatisfy({ $0 > 0 && $0 < 1 << 30 }) else {
            throw error("its attributes are not positive")
        }
        let padding = paddings(count: count)
        var sizes: [Int?] = []
        for index in 0..<count {
            guard let size = input.dimensions[index + 2], padding != nil || isPaddedToSameSize
            else {
                sizes.append(nil)
                continue
            }
            if isPaddedToSameSize, !isTransposed {
                sizes.append((size + stride[index] - 1) / stride[index])
                continue
            }
            let reach = dilation[index] * (kernel[index] - 1) + 1
            let both = padding?[index] ?? 0
            let result =
                isTransposed
                ? (size - 1) * stride[index] + reach - both
                : (size + both - reach) / stride[index] + 1
            guard result > 0, isTransposed || size + both >= reach else {
                throw error("its kernel of \(reach) is larger than the \(size + both) it gets")
            }
            sizes.append(result)
        }
        return sizes
    }

    func pooling() throws(NetworkError) -> ActivationShape? {
        guard let input else { return nil }
        guard input.rank >= 3 else { throw error("it needs images, not \(input)") }
        let count = input.rank - 2
        let head = Array(input.dimensions.prefix(2))
        if node.attributes["global"]?.boolean == true {
            return ActivationShape(head + Array(repeating: 1, count: count))
        }
        if let sizes = spatial("output", count: count, default: 0), sizes.allSatisfy({ $0 > 0 }) {
            return ActivationShape(head + sizes)
        }
        guard let kernel = spatial("kernel", count: count, default: 0),
            let stride = spatial("stride", count: count, default: 1),
            kernel.allSatisfy({ $0 > 0 && $0 < 1 << 30 }), stride.allSatisfy({ $0 > 0 })
        else { return ActivationShape(head + Array(repeating: nil, count: count)) }
        let both = paddings(count: count)
        let isCeiling = node.attributes["ceil"]?.boolean ?? false
        var sizes: [Int?] = []
        for index in 0..<count {
            guard let size = input.dimensions[index + 2], let padding = both?[index] else {
                let same = isPaddedToSameSize ? input.dimensions[index + 2] : nil
                sizes.append(same.map { ($0 + stride[index] - 1) / stride[index] })
                continue
            }
            let room = size + padding - kernel[index]
            guard room >= 0 else {
                throw error(
                    "its kernel of \(kernel[index]) is larger than the \(size + padding) it gets"
                )
            }
            let steps =
                isCeiling ? (room + stride[index] - 1) / stride[index] : room / stride[index]
            // The last window must begin inside the image, not in the padding behind it.
            let isOutside = isCeiling && steps * stride[index] >= size + padding / 2
            sizes.append(isOutside ? steps : steps + 1)
        }
        return ActivationShape(head + sizes)
    }

    /// Caffe's ROIPooling: a fixed grid per region.
    func regionPooling() -> ActivationShape? {
        guard inputs.count > 1, let input, input.rank == 4, let regions = inputs[1] else {
            return nil
        }
        let grid = spatial("output", count: 2, default: 0) ?? [0, 0]
        let sizes: [Int?] = grid.map { $0 > 0 ? $0 : nil }
        return ActivationShape([regions.dimensions.first ?? nil, input.dimensions[1]] + sizes)
    }

    func upsampling() -> ActivationShape? {
        guard let input, input.rank >= 3,
            let factors = spatial("factor", count: input.rank - 2, default: 0),
            factors.allSatisfy({ $0 > 0 && $0 < 1 << 20 })
        else { return nil }
        let sizes = zip(input.dimensions.dropFirst(2), factors).map { size, factor in
            size.map { $0 * factor }
        }
        return ActivationShape(input.dimensions.prefix(2) + sizes)
    }

    func padding() -> ActivationShape? {
        guard let input, let amounts = node.attributes["padding"]?.integers,
            amounts.count == input.rank * 2
        else { return nil }
        return ActivationShape(
            input.dimensions.indices.map { index in
                input.dimensions[index].map { $0 + amounts[index] + amounts[index + input.rank] }
            }
        )
    }
}
