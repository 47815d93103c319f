// tests/client/silent_port.h
// A port whose connections stand and get no byte.
#ifndef ASSAY_TESTS_CLIENT_SILENT_PORT_H_
#define ASSAY_TESTS_CLIENT_SILENT_PORT_H_

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

#include "absl/strings/str_cat.h"

namespace assay::testing {

class SilentPort {
 public:
  SilentPort() : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address_);
    bind(fd_, reinterpret_cast<sockaddr*>(&address_), size);
    listen(fd_, 8);
    getsockname(fd_, reinterpret_cast<sockaddr*>(&address_), &size);
  }
  ~SilentPort() { close(fd_); }
  SilentPort(const SilentPort&) = delete;
  SilentPort& operator=(const SilentPort&) = delete;

  std::string address() const { return absl::StrCat("127.0.0.1:", ntohs(address_.sin_port)); }

 private:
  const int fd_;
  sockaddr_in address_ = {};
};

}  // namespace assay::testing

#endif  // ASSAY_TESTS_CLIENT_SILENT_PORT_H_
