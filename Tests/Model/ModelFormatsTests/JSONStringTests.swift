import Foundation
import ModelFormats
import Testing

struct JSONStringTests {
    @Test
    func escapesAreThoseOfTheReferenceWriter() {
        let text = "\u{0}\u{7}\u{8}\t\n\u{B}\u{C}\r\u{1F} \"\\/\u{7F}é\u{2028}😀"
        let quoted = #""\u0000\u0007\b\t\n\u000b\f\r\u001f \"\\/"# + "\u{7F}é\u{2028}😀\""
        #expect(JSONString.quoted(text) == quoted)
        var bytes: [UInt8] = [1]
        JSONString.append(text, to: &bytes)
        #expect(bytes == [1] + Array(quoted.utf8))
    }

    @Test
    func everyCharacterOfASCIIComesBack() throws {
        let text = String(String.UnicodeScalarView((0..<128).map { Unicode.Scalar(UInt8($0)) }))
        let quoted = Data(JSONString.quoted(text).utf8)
        #expect(try JSONDecoder().decode(String.self, from: quoted) == text)
    }
}
