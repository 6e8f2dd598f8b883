import eu.europa.esig.dss.enumerations.DigestAlgorithm;
import eu.europa.esig.dss.enumerations.Indication;
import eu.europa.esig.dss.model.DSSDocument;
import eu.europa.esig.dss.model.DigestDocument;
import eu.europa.esig.dss.model.FileDocument;
import eu.europa.esig.dss.simplereport.SimpleReport;
import eu.europa.esig.dss.spi.DSSUtils;
import eu.europa.esig.dss.spi.validation.CommonCertificateVerifier;
import eu.europa.esig.dss.spi.x509.CommonTrustedCertificateSource;
import eu.europa.esig.dss.spi.x509.revocation.crl.ExternalResourcesCRLSource;
import eu.europa.esig.dss.validation.SignedDocumentValidator;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Date;
import java.util.HexFormat;
import java.util.List;
import org.bouncycastle.cms.jcajce.JcaSimpleSignerInfoVerifierBuilder;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.operator.jcajce.JcaDigestCalculatorProviderBuilder;
import org.bouncycastle.tsp.ers.ERSEvidenceRecord;

/**
 * Judges evidence records and time-stamps with EU DSS and Bouncy Castle.
 *
 * <p>Argument: a folder. Its file `cases` has one case a line, a tab between: name, `record` or `token`, file, digest algorithm as DSS spells
 * it, digest of the data in hexadecimal, `good` or `bad`. `anchor.pem` is trusted; every `*.crl` is offered. Prints a line a judge and case:
 * `ok` or `FAIL`, judge and name, what was found.
 */
public final class Records {
    private final CommonCertificateVerifier verifier = new CommonCertificateVerifier();
    private final Path folder;

    private Records(Path folder) {
        this.folder = folder;
        var trusted = new CommonTrustedCertificateSource();
        trusted.addCertificate(DSSUtils.loadCertificate(folder.resolve("anchor.pem").toFile()));
        verifier.setTrustedCertSources(trusted);
        File[] crls = folder.toFile().listFiles((dir, name) -> name.endsWith(".crl"));
        verifier.setCrlSource(new ExternalResourcesCRLSource(Arrays.stream(crls).map(FileDocument::new).toArray(DSSDocument[]::new)));
        verifier.setAIASource(null);
    }

    public static void main(String[] arguments) throws Exception {
        java.security.Security.addProvider(new BouncyCastleProvider());
        var records = new Records(Path.of(arguments[0]));
        for (String line : Files.readAllLines(records.folder.resolve("cases"))) {
            String[] fields = line.split("\t");
            boolean good = fields[5].equals("good");
            byte[] digest = HexFormat.of().parseHex(fields[4]);
            Path file = records.folder.resolve(fields[2]);
            say("EU DSS", fields[0], good, records.dss(fields[1], file, DigestAlgorithm.valueOf(fields[3]), digest));
            if (fields[1].equals("record")) {
                say("Bouncy Castle", fields[0], good, bouncyCastle(Files.readAllBytes(file), digest));
            }
        }
    }

    private static void say(String judge, String name, boolean good, String found) {
        boolean accepted = found.equals("accepted");
        System.out.println((accepted == good ? "ok" : "FAIL") + "\t" + judge + ": " + name + "\t" + found.replace('\n', ' '));
    }

    /** A record may pass with a time-stamp inside it that does not, so each time-stamp is asked too. */
    private String dss(String kind, Path file, DigestAlgorithm algorithm, byte[] digest) {
        try {
            var validator = SignedDocumentValidator.fromDocument(new FileDocument(file.toFile()));
            validator.setCertificateVerifier(verifier);
            validator.setDetachedContents(List.of(new DigestDocument(algorithm, digest, "data")));
            SimpleReport report = validator.validateDocument().getSimpleReport();
            boolean record = kind.equals("record");
            var ids = record ? report.getEvidenceRecordIdList() : report.getTimestampIdList();
            if (ids.size() != 1) {
                return ids.size() + " objects found";
            }
            String id = ids.get(0);
            if (report.getIndication(id) != Indication.PASSED) {
                return report.getIndication(id) + " " + report.getSubIndication(id) + " "
                        + report.getAdESValidationErrors(id).stream().map(each -> each.getValue()).toList();
            }
            if (record) {
                for (var stamp : report.getEvidenceRecordTimestamps(id)) {
                    if (stamp.getIndication() != Indication.PASSED) {
                        return "time-stamp " + stamp.getIndication() + " " + stamp.getSubIndication();
                    }
                }
            }
            return "accepted";
        } catch (RuntimeException error) {
            return error.getClass().getSimpleName() + " " + error.getMessage();
        }
    }

    private static String bouncyCastle(byte[] bytes, byte[] digest) {
        try {
            var digests = new JcaDigestCalculatorProviderBuilder().setProvider("BC").build();
            var record = new ERSEvidenceRecord(bytes, digests);
            record.validatePresent(false, digest, new Date());
            var signer = record.getSigningCertificate();
            record.validate(new JcaSimpleSignerInfoVerifierBuilder().setProvider("BC").build(signer));
            return "accepted";
        } catch (Exception error) {
            return error.getClass().getSimpleName() + " " + error.getMessage();
        }
    }
}
