extension ShapeInference {
    /// `FULL`: on `[N, C]` and sequences `[…, C]` along the last dimension; on images all dimensions
    /// behind the first are one, as Caffe's InnerProduct and a dropped flattening have it.
    mutating func fullyConnected() throws(NetworkError) -> ActivationShape? {
        let weight = node.parameter("weight")
        let stored = weight?.shape.map { weight?.isTransposed == true ? $0.reversed() : $0 }
        let rows = stored.map { $0.filter { $0 != 1 } }
        let matrix = stored.flatMap { $0.count == 2 ? $0 : (rows?.count == 2 ? rows : nil) }
        let features =
            node.attributes["features"]?.integer ?? matrix?[0]
            ?? (node.initialiser == nil ? nil : input?.dimensions.last ?? nil)
        guard features ?? 1 > 0 else { throw error("its number of features is not positive") }
        guard let input else { return nil }
        let last = input.dimensions.last ?? nil
        let all = input.product(from: 1)
        let flattens: Bool
        if let axis = node.attributes["axis"]?.integer {
            flattens = axis == 1 && input.rank > 2
        } else if let taken = matrix?[1] {
            // All dimensions but the first may be one to the layer, or the last alone.
            flattens =
                input.rank > 2 && last != taken && (input.rank > 3 || all == taken || all == nil)
        } else {
            flattens = input.rank > 3
        }
        let taken = flattens ? all : last
        try settle("weight", [features, taken])
        try settle("bias", [features])
        return flattens
            ? ActivationShape([input.dimensions[0], features])
            : ActivationShape(Array(input.dimensions.dropLast()) + [features])
    }

    mutating func embedding() throws(NetworkError) -> ActivationShape? {
        let weight = node.parameter("weight")?.shape
        let features = node.attributes["features"]?.integer ?? weight?.last
        try settle("weight", [node.attributes["count"]?.integer ?? weight?.first, features])
        return input.map { ActivationShape($0.dimensions + [features]) }
    }

    func matrixProduct() throws(NetworkError) -> ActivationShape? {
        guard inputs.count == 2, let left = inputs[0], let right = inputs[1], left.rank >= 2,
            right.rank >= 2
        else { return nil }
        if let inner = left.dimensions[left.rank - 1], let other = right.dimensions[right.rank - 2],
            inner != other
        {
            throw error("\(left) cannot be multiplied by \(right)")
        }
        let batch = Self.broadcast(
            ActivationShape(Array(left.dimensions.dropLast(2))),
            ActivationShape(Array(right.dimensions.dropLast(2)))
        )
        guard let batch else { throw error("\(left) cannot be multiplied by \(right)") }
        return ActivationShape(
            batch.dimensions + [left.dimensions[left.rank - 2], right.dimensions[right.rank - 1]]
        )
    }

    /// Attention gives a row per query; its width is that of the values.
    func attention() -> ActivationShape? {
        guard let query = input, query.rank >= 2 else { return input }
        var features = node.attributes["features"]?.integer
        // Queries, keys and values that one layer gave side by side.
        if features == nil, node.attributes["fused"]?.boolean == true {
            features = query.dimensions.last.flatMap { $0 }.map { $0 / 3 }
        }
        guard let features else { return query }
        return ActivationShape(Array(query.dimensions.dropLast()) + [features])
    }

    func recurrent() -> ActivationShape? {
        guard let input, input.rank >= 2, let features = node.attributes["features"]?.integer else {
            return nil
        }
        return ActivationShape(Array(input.dimensions.dropLast()) + [features])
    }

    /// Element-wise operators of several inputs.
    func broadcast() throws(NetworkError) -> ActivationShape? {
        guard var result = input else { return nil }
        for shape in inputs.dropFirst() {
            guard let shape else { return nil }
            guard let common = Self.broadcast(result, shape) else {
                throw error("its inputs \(result) and \(shape) do not fit each other")
            }
            result = common
        }
        return result
    }

    /// The common shape by NumPy's rules, or nil if there is none.
    static func broadcast(_ left: ActivationShape, _ right: ActivationShape) -> ActivationShape? {
        let rank = max(left.rank, right.rank)
        let wide = Array(repeating: Int?.some(1), count: rank)
        var dimensions: [Int?] = []
        for (a, b) in zip(
            wide.dropFirst(left.rank) + left.dimensions,
            wide.dropFirst(right.rank) + right.dimensions
        ) {
            switch (a, b) {
            case (1?, let other), (let other, 1?): dimensions.append(other)
            case (let a?, let b?):
                guard a == b else { return nil }
                dimensions.append(a)
            case (let known?, nil), (nil, let known?): dimensions.append(known)
            case (nil, nil): dimensions.append(nil)
            }
        }
        return ActivationShape(dimensions)
    }
}
