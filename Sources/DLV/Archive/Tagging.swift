public import Catalog

extension ModelArchive {
    /// Sets a tag on a version, taking it from another version of the model that has it.
    ///
    /// - Throws: ``ArchiveError`` if the name cannot be a tag.
    public func setTag(_ name: String, on version: VersionRecord) throws {
        try checkTag(name, of: version.model)
        try withLock { try catalog.setTag(name, on: version) }
    }

    /// Removes a tag of a model.
    ///
    /// - Throws: ``ArchiveError`` if the model has no such tag.
    public func removeTag(_ name: String, of model: String) throws {
        try withLock {
            guard let found = try catalog.model(named: model),
                try catalog.removeTag(name, of: found.id)
            else { throw ArchiveError(.notFound, "The model '\(model)' has no tag '\(name)'.") }
        }
    }

    /// Checks that a name can be a tag of a model.
    func checkTag(_ name: String, of model: String) throws {
        try ModelName.checkTag(name)
        let folder = "\(model)/\(name)".lowercased()
        let taken = try catalog.modelNames().first { other in
            other.lowercased() == folder || other.lowercased().hasPrefix(folder + "/")
        }
        if let taken {
            throw ArchiveError(
                .exists,
                "'\(name)' cannot be a tag of '\(model)': there is a model '\(taken)'."
            )
        }
    }
}
