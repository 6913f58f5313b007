/**
 * A self-signed certificate for localhost, 127.0.0.1 and ::1 and its key, valid from 2020 to 2119. They are public:
 * they serve the sandbox's own SMTP server and nothing else. Tests trust it with `tls: { ca: SANDBOX_CERTIFICATE }`.
 *
 * Node's crypto can sign but not issue certificates, hence a fixture (made once with `openssl ca -selfsign`).
 */
export const SANDBOX_CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIB5zCCAY6gAwIBAgIBATAKBggqhkjOPQQDAjBBMRIwEAYDVQQDDAlsb2NhbGhv
c3QxKzApBgNVBAoMIlB1c2hTZXJ2ZXIgc2FuZGJveCwgZm9yIHRlc3RzIG9ubHkw
IBcNMjAwMTAxMDAwMDAwWhgPMjExOTEyMzEyMzU5NTlaMEExEjAQBgNVBAMMCWxv
Y2FsaG9zdDErMCkGA1UECgwiUHVzaFNlcnZlciBzYW5kYm94LCBmb3IgdGVzdHMg
b25seTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABCukTncNH9VWGAMv2AX4Higy
2/4Gns1+Xu4WqbjTlkOktXgDZhSO+A+9OWgHID1GcUj8Scrg7Gx27Gzwjg3Zic2j
dTBzMCwGA1UdEQQlMCOCCWxvY2FsaG9zdIcEfwAAAYcQAAAAAAAAAAAAAAAAAAAA
ATAPBgNVHRMBAf8EBTADAQH/MBMGA1UdJQQMMAoGCCsGAQUFBwMBMB0GA1UdDgQW
BBTFSmPf/YgNkWOQ8v8/6GnDrzxU7DAKBggqhkjOPQQDAgNHADBEAiAh9buDoWga
TKhg3G+Iy1+8UXE57OcaUBZBW4bFvm7u1gIgHodkG93hg9lZkrwgfQmDwuDH1Pr2
ylkzJ44ahR2Q6MQ=
-----END CERTIFICATE-----
`;

export const SANDBOX_KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgNl5QpM79vVKihwdO
kU0yY4Fzcp5M6YMhr2eOZhh8avmhRANCAAQrpE53DR/VVhgDL9gF+B4oMtv+Bp7N
fl7uFqm405ZDpLV4A2YUjvgPvTloByA9RnFI/EnK4Oxsduxs8I4N2YnN
-----END PRIVATE KEY-----
`;
