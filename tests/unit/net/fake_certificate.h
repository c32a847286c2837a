/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Certificates for tests: made on the spot, signed by themselves, in files that go with the test.
 */
#ifndef TESTS_FAKE_CERTIFICATE_H
#define TESTS_FAKE_CERTIFICATE_H

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct fake_certificate {
	char certificate_file[64], key_file[64];
	char certificate_text[4096], key_text[4096]; /* what stands in them */
};

static inline FILE *fake_file(char path[64])
{
	int fd;

	snprintf(path, 64, "/tmp/egressd-test-XXXXXX");
	fd = mkstemp(path);
	if (fd < 0)
		abort();
	return fdopen(fd, "w");
}

static inline void fake_add_names(X509 *certificate, const char *names)
{
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, names);

	X509_add_ext(certificate, extension, -1);
	X509_EXTENSION_free(extension);
}

static inline void fake_text(const char *path, char text[4096])
{
	FILE *file = fopen(path, "r");

	text[fread(text, 1, 4095, file)] = '\0';
	fclose(file);
}

static inline void fake_certificate_read(struct fake_certificate *made)
{
	fake_text(made->certificate_file, made->certificate_text);
	fake_text(made->key_file, made->key_text);
}

/* names as openssl.cnf writes them: "DNS:proxy.test,IP:127.0.0.1". */
static inline void fake_certificate_make(struct fake_certificate *made, const char *names)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *certificate = X509_new();
	X509_NAME *subject = X509_get_subject_name(certificate);
	FILE *file;

	X509_set_version(certificate, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(certificate), getpid());
	X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
	X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
	X509_NAME_add_entry_by_txt(subject, "O", MBSTRING_ASC, (const unsigned char *)names, -1, -1,
				   0);
	X509_set_issuer_name(certificate, subject);
	X509_set_pubkey(certificate, key);
	fake_add_names(certificate, names);
	if (X509_sign(certificate, key, EVP_sha256()) == 0)
		abort();
	file = fake_file(made->certificate_file);
	PEM_write_X509(file, certificate);
	fclose(file);
	file = fake_file(made->key_file);
	PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL);
	fclose(file);
	X509_free(certificate);
	EVP_PKEY_free(key);
	fake_certificate_read(made);
}

static inline void fake_certificate_remove(struct fake_certificate *made)
{
	unlink(made->certificate_file);
	unlink(made->key_file);
}

#endif
