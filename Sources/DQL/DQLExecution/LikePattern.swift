/// A pattern of `like`: `%` is any text, `_` any character, a backslash takes the next literally.
struct LikePattern: Hashable {
    private enum Element: Hashable {
        case anyText
        case anyScalar
        case scalar(Unicode.Scalar)
    }

    private let elements: [Element]

    init(_ pattern: String) {
        var elements: [Element] = []
        var isEscaped = false
        for scalar in pattern.unicodeScalars {
            switch scalar {
            case _ where isEscaped:
                elements.append(.scalar(scalar))
                isEscaped = false
            case "\\": isEscaped = true
            case "%" where elements.last == .anyText: break
            case "%": elements.append(.anyText)
            case "_": elements.append(.anyScalar)
            default: elements.append(.scalar(scalar))
            }
        }
        if isEscaped { elements.append(.scalar("\\")) }
        self.elements = elements
    }

    /// The same pattern in the language of SQLite's GLOB; nil for one with so many wildcards that
    /// SQLite, which tries all of them again, could take long.
    var glob: String? {
        guard elements.count(where: { $0 == .anyText }) <= 3 else { return nil }
        var glob = String.UnicodeScalarView()
        for element in elements {
            switch element {
            case .anyText: glob.append("*")
            case .anyScalar: glob.append("?")
            case .scalar(let scalar) where ["*", "?", "["].contains(scalar):
                glob.append(contentsOf: ["[", scalar, "]"])
            // SQLite ends its texts at U+0000.
            case .scalar("\u{0}"): return nil
            case .scalar(let scalar): glob.append(scalar)
            }
        }
        return String(glob)
    }

    /// Whether a whole text matches.
    ///
    /// Only the last `%` is ever tried again, so the time is at most the product of the lengths and
    /// linear in the text for a given pattern.
    func matches(_ text: String) -> Bool {
        let scalars = Array(text.unicodeScalars)
        var index = 0
        var element = 0
        var retry: (element: Int, index: Int)?
        while index < scalars.count {
            if element < elements.count, elements[element] == .anyText {
                element += 1
                retry = (element, index)
            } else if element < elements.count, Self.fits(elements[element], scalars[index]) {
                element += 1
                index += 1
            } else if let last = retry {
                retry = (last.element, last.index + 1)
                element = last.element
                index = last.index + 1
            } else {
                return false
            }
        }
        return elements[element...].allSatisfy { $0 == .anyText }
    }

    private static func fits(_ element: Element, _ scalar: Unicode.Scalar) -> Bool {
        switch element {
        case .anyText: false
        case .anyScalar: true
        case .scalar(let wanted): wanted == scalar
        }
    }
}
