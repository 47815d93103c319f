// tests/testing/certificates.h
// Real keys and certificates, made by the openssl command in a folder of the test's own.
#ifndef ASSAY_TESTS_TESTING_CERTIFICATES_H_
#define ASSAY_TESTS_TESTING_CERTIFICATES_H_

#include <string>

namespace assay::testing {

// Aborts where openssl does not do as told. Removes its folder in the end.
class Certificates {
 public:
  Certificates();
  ~Certificates();
  Certificates(const Certificates&) = delete;
  Certificates& operator=(const Certificates&) = delete;

  // Where NAME lies in the folder; nothing needs to be there.
  std::string Path(const std::string& name) const;
  void Write(const std::string& name, const std::string& bytes) const;

  // NAME.pem, an authority's certificate of its own making, and NAME.key.
  void MakeAuthority(const std::string& name) const;
  // NAME.pem, good from now for `days` for localhost and 127.0.0.1, issued by the authority; and
  // NAME.key. Replaces what is there.
  void Issue(const std::string& authority, const std::string& name, int days = 100) const;

 private:
  void Run(const std::string& arguments) const;

  std::string folder_;
};

}  // namespace assay::testing

#endif  // ASSAY_TESTS_TESTING_CERTIFICATES_H_
