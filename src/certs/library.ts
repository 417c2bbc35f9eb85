// What certificates are made with. Large, so whoever makes one imports it then (`await import`); by
// name, so that the bundle holds nothing else of it.

export {
  AuthorityKeyIdentifierExtension, BasicConstraintsExtension, ExtendedKeyUsageExtension, KeyUsageFlags, KeyUsagesExtension, Name, Pkcs10CertificateRequest,
  PublicKey, SubjectAlternativeNameExtension, SubjectKeyIdentifierExtension, X509Certificate, X509CertificateGenerator,
} from '@peculiar/x509'
export { generate } from 'selfsigned'
