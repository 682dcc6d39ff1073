/* The limit of this kernel: what the media plane does per packet, in as little C as will do it.
 *
 *     relay ROWS RECODE          the ports of the phones on stdin, its own ports on stdout
 *
 * Row k is joined to row k ^ 1. Each packet is received, its header rewritten, recoded by a table where RECODE is 1,
 * and sent on at once: epoll_wait, recvfrom, sendto on connected sockets. No checks, no commands, no ticks. Like the plane it asks for SCHED_FIFO 10, since how soon it is woken decides how many packets
 * a wake finds. It ends when stdin does.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

enum { BATCH = 64, PACKET = 2048 };

struct row {
    int descriptor;
    struct sockaddr_in remote;
    uint16_t sequence;
    uint32_t timestamp, ssrc;
};

static struct sockaddr_in loopback(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

int main(int count, char **words)
{
    if (count < 3)
        return 2;
    int rows = atoi(words[1]), recode = atoi(words[2]);
    struct row *table = calloc(rows, sizeof *table);
    uint8_t law[256], packet[PACKET];
    struct epoll_event ready[BATCH];
    int epoll = epoll_create1(0);
    struct sched_param priority = {.sched_priority = 10};
    sched_setscheduler(0, SCHED_FIFO, &priority);
    for (int k = 0; k < 256; k++)
        law[k] = k ^ 0x55;
    for (int k = 0; k < rows; k++) {
        struct sockaddr_in own = loopback(0);
        socklen_t length = sizeof own;
        int port;
        table[k].descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
        if (table[k].descriptor < 0 || bind(table[k].descriptor, (struct sockaddr *)&own, sizeof own) < 0)
            return 1;
        getsockname(table[k].descriptor, (struct sockaddr *)&own, &length);
        if (scanf("%d", &port) != 1)
            return 1;
        table[k].remote = loopback(port);
        table[k].ssrc = 1000 + k;
        if (connect(table[k].descriptor, (struct sockaddr *)&table[k].remote, sizeof own) < 0)
            return 1;
        struct epoll_event entry = {.events = EPOLLIN, .data.u64 = k};
        epoll_ctl(epoll, EPOLL_CTL_ADD, table[k].descriptor, &entry);
        printf("%d\n", ntohs(own.sin_port));
    }
    struct epoll_event entry = {.events = EPOLLIN | EPOLLHUP, .data.u64 = rows};
    epoll_ctl(epoll, EPOLL_CTL_ADD, 0, &entry);
    fflush(stdout);
    for (;;) {
        int waiting = epoll_wait(epoll, ready, BATCH, -1);
        for (int n = 0; n < waiting; n++) {
            if (ready[n].data.u64 == (uint64_t)rows)
                return 0;
            struct row *source = table + ready[n].data.u64, *target = table + (ready[n].data.u64 ^ 1);
            struct sockaddr_in from;
            socklen_t length = sizeof from;
            ssize_t octets = recvfrom(source->descriptor, packet, PACKET, MSG_DONTWAIT | MSG_TRUNC,
                                      (struct sockaddr *)&from, &length);
            if (octets < 12)
                continue;
            target->sequence++;
            target->timestamp += 160;
            uint16_t sequence = htons(target->sequence);
            uint32_t timestamp = htonl(target->timestamp), ssrc = htonl(target->ssrc);
            memcpy(packet + 2, &sequence, 2);
            memcpy(packet + 4, &timestamp, 4);
            memcpy(packet + 8, &ssrc, 4);
            if (recode)
                for (ssize_t k = 12; k < octets; k++)
                    packet[k] = law[packet[k]];
            sendto(target->descriptor, packet, octets, MSG_DONTWAIT | MSG_NOSIGNAL, NULL, 0);
        }
    }
}
