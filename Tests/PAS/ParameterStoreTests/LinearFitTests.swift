import TestSupport
import Testing

@testable import ParameterStore

struct LinearFitTests {
    @Test func weightsOfASumAreFound() {
        var random = SeededGenerator(seed: 4)
        let points = (0..<40).map { _ -> LinearFit.Point in
            let terms = [1, Double.random(in: 1e3...1e6, using: &random), Double.random(in: 1e3...1e6, using: &random)]
            return .init(terms, 3e-5 + terms[1] * 2e-9 + terms[2] * 5e-9)
        }
        let fit = LinearFit(points)
        for point in points { #expect(abs(fit.value(point.terms) / point.value - 1) < 1e-6) }
    }

    @Test func weightsAreNeverNegative() {
        let points = [1.0, 2, 3].map { LinearFit.Point([1, $0], 10 - $0) }
        let fit = LinearFit(points)
        #expect(fit.value([0, 1]) >= 0 && fit.value([1, 0]) >= 0)
        #expect(abs(fit.value([1, 2]) - 8) < 1)
    }

    @Test func termsThatDependOnEachOtherAreNoHindrance() {
        // All chunks of one size: the constant and the bytes cannot be told apart.
        let fit = LinearFit((0..<5).map { _ in LinearFit.Point([1, 4096, 2048], 1e-4) })
        #expect(abs(fit.value([1, 4096, 2048]) - 1e-4) < 1e-9)
        #expect(LinearFit([]).value([1, 2]) == 0)
    }
}
