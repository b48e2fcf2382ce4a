import Foundation
import StoragePlanning

/// Storage over α, a panel a table, as an SVG picture.
struct PlanningChart {
    private var panels: [(table: StorageTable, title: String)] = []

    private static let width = 460.0
    private static let height = 320.0
    private static let margin = 50.0
    private static let colours = ["#888888", "#d95f02", "#7570b3", "#1b9e77"]

    mutating func add(_ table: StorageTable, title: String) {
        panels.append((table, title))
    }

    func svg() -> String {
        let width = Self.width * Double(panels.count)
        var text = """
            <svg xmlns="http://www.w3.org/2000/svg" width="\(width)" height="\(Self.height)" \
            font-family="sans-serif" font-size="12">
            <rect width="100%" height="100%" fill="white"/>

            """
        for (index, panel) in panels.enumerated() {
            text += "<g transform=\"translate(\(Self.width * Double(index)),0)\">\n"
            text += Self.panel(panel.table, panel.title)
            text += "</g>\n"
        }
        return text + "</svg>\n"
    }

    private static func panel(_ table: StorageTable, _ title: String) -> String {
        let top = max(table.shortestPathStorage, table.storage.joined().max() ?? 1)
        let right = table.alphas.max() ?? 4
        func x(_ alpha: Double) -> Double {
            margin + (alpha - 1) / (right - 1) * (width - margin - 90)
        }
        func y(_ storage: Double) -> Double {
            height - margin - (storage - 1) / max(top - 1, 0.01) * (height - 2 * margin)
        }
        var text = "<text x=\"\(margin)\" y=\"25\" font-weight=\"bold\">\(title)</text>\n"
        text += "<text x=\"\(width / 2 - 40)\" y=\"\(height - 12)\">alpha</text>\n"
        text += "<text x=\"4\" y=\"40\">storage / MST</text>\n"
        for alpha in stride(from: 1.0, through: right, by: 0.5) {
            text += line(x(alpha), y(1), x(alpha), y(1) + 5, "#000000")
            text += "<text x=\"\(x(alpha) - 8)\" y=\"\(y(1) + 18)\">\(alpha)</text>\n"
        }
        for storage in stride(from: 1.0, through: top, by: 0.25) {
            text += line(margin, y(storage), width - 90, y(storage), "#dddddd")
            text += "<text x=\"14\" y=\"\(y(storage) + 4)\">\(storage)</text>\n"
        }
        for (column, algorithm) in table.algorithms.enumerated() {
            let colour = colours[column % colours.count]
            let points = zip(table.alphas, table.storage).filter { $1[column].isFinite }
            let path = points.map { "\(x($0)),\(y($1[column]))" }.joined(separator: " ")
            text += "<polyline points=\"\(path)\" fill=\"none\" stroke=\"\(colour)\" "
            text += "stroke-width=\"2\"/>\n"
            let place = 60 + Double(column) * 18
            text += line(width - 84, place - 4, width - 64, place - 4, colour)
            text += "<text x=\"\(width - 60)\" y=\"\(place)\">\(algorithm.rawValue)</text>\n"
        }
        return text
    }

    private static func line(
        _ x1: Double,
        _ y1: Double,
        _ x2: Double,
        _ y2: Double,
        _ colour: String
    ) -> String {
        "<line x1=\"\(x1)\" y1=\"\(y1)\" x2=\"\(x2)\" y2=\"\(y2)\" stroke=\"\(colour)\"/>\n"
    }
}
