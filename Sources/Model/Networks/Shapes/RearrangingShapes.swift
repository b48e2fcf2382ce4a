extension ShapeInference {
    /// An axis from 0, whatever end it was counted from.
    private func axis(default value: Int, rank: Int) throws(NetworkError) -> Int {
        let axis = node.attributes["axis"]?.integer ?? value
        let place = axis < 0 ? axis + rank : axis
        guard (0..<max(rank, 1)).contains(place) else {
            throw error("it has no axis \(axis) in \(rank) dimensions")
        }
        return place
    }

    func concatenation() throws(NetworkError) -> ActivationShape? {
        guard var result = input else { return nil }
        let axis = try axis(default: 1, rank: result.rank)
        guard result.rank > axis else { return nil }
        for shape in inputs.dropFirst() {
            guard let shape else { return nil }
            guard shape.rank == result.rank else {
                throw error("its inputs \(result) and \(shape) differ in rank")
            }
            for index in result.dimensions.indices {
                let (left, right) = (result.dimensions[index], shape.dimensions[index])
                if index == axis {
                    let sum = left.flatMap { left in
                        right.map { left.addingReportingOverflow($0) }
                    }
                    result.dimensions[index] = sum.flatMap { $0.overflow ? nil : $0.partialValue }
                } else if let left, let right, left != right {
                    throw error("its inputs \(result) and \(shape) differ beside axis \(axis)")
                } else {
                    result.dimensions[index] = left ?? right
                }
            }
        }
        return result
    }

    func splitting() throws(NetworkError) -> [ActivationShape?] {
        let count = node.outputShapes.count
        guard let input else { return Array(repeating: nil, count: count) }
        // Caffe's Split copies its input to all who read it.
        guard node.attributes["copies"]?.boolean != true else {
            return Array(repeating: input, count: count)
        }
        let axis = try axis(default: 1, rank: input.rank)
        guard input.rank > axis else { return Array(repeating: nil, count: count) }
        let whole = input.dimensions[axis]
        var sizes = node.attributes["sizes"]?.integers
        // Caffe's Slice names the places to cut at.
        if let points = node.attributes["points"]?.integers, let whole {
            sizes = zip(points + [whole], [0] + points).map { $0 - $1 }
        }
        return (0..<count).map { index in
            var shape = input
            if let sizes {
                shape.dimensions[axis] = sizes.indices.contains(index) ? sizes[index] : nil
            } else {
                shape.dimensions[axis] = whole.flatMap { $0 % count == 0 ? $0 / count : nil }
            }
            return shape
        }
    }

    func flattening() -> ActivationShape? {
        guard let input else { return nil }
        let axis = node.attributes["axis"]?.integer ?? 1
        let place = axis < 0 ? axis + input.rank : axis
        guard (0...input.rank).contains(place) else { return nil }
        return ActivationShape(
            Array(input.dimensions.prefix(place)) + [input.product(from: place)]
        )
    }

    func reshaping() throws(NetworkError) -> ActivationShape? {
        guard let target = node.attributes["shape"]?.integers else { return nil }
        var dimensions: [Int?] = []
        for (index, size) in target.enumerated() {
            let isCopied = size == 0
            let copied = input.flatMap { $0.rank > index ? $0.dimensions[index] : nil }
            dimensions.append(isCopied ? copied : (size > 0 ? size : nil))
        }
        guard let all = input?.product() else { return ActivationShape(dimensions) }
        let known = dimensions.compactMap { $0 }.reduce(1) {
            $0.multipliedReportingOverflow(by: $1).0
        }
        if let free = dimensions.firstIndex(of: nil), dimensions.filter({ $0 == nil }).count == 1 {
            guard known > 0, all % known == 0 else {
                throw error("\(all) elements cannot have the shape \(ActivationShape(dimensions))")
            }
            dimensions[free] = all / known
        } else if !dimensions.contains(nil), known != all {
            throw error("\(all) elements cannot have the shape \(ActivationShape(dimensions))")
        }
        return ActivationShape(dimensions)
    }

    func transposition() throws(NetworkError) -> ActivationShape? {
        guard let input else { return nil }
        let order = node.attributes["order"]?.integers ?? input.dimensions.indices.reversed()
        guard order.sorted() == Array(input.dimensions.indices) else {
            throw error("\(order) is no order of \(input.rank) dimensions")
        }
        return ActivationShape(order.map { input.dimensions[$0] })
    }

    func mean() -> ActivationShape? {
        guard let input, let axes = node.attributes["axis"]?.integers else { return nil }
        let places = Set(axes.map { $0 < 0 ? $0 + input.rank : $0 })
        let keeps = node.attributes["keep"]?.boolean ?? false
        return ActivationShape(
            input.dimensions.enumerated().compactMap { index, size in
                guard places.contains(index) else { return .some(size) }
                return keeps ? .some(1) : nil
            }
        )
    }
}
