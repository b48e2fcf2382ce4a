extension QueryDirectory {
    static let readmeNode = NodeNumber(rawValue: NodeNumber.queryBit | 1)
    static let readmeName = Array("README.txt".utf8)

    static let readmeText = """
        Write a DQL query to a file NAME.dql here; the directory NAME/ is its answer:

          echo 'select m where m["accuracy"] > 0.9 order by m["accuracy"] desc' > best.dql
          ls best/                 the matching versions, as links
          cat best/results.tsv     a row a version; results.json has the same
          cat best/.explain        how it was found, once it was
          cat best/error           there only if the query has a mistake

        Queries are saved in the archive: 'dlv query best' runs the same. Removing best.dql removes
        its answer, and nothing else.

        """
}
