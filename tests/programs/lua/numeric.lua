-- Numeric work: n-body, Mandelbrot, spectral norm, matrix product, queens.
local bodies = {
  {0, 0, 0, 0, 0, 0, 39.47841760435743}, {4.84143144246472090, -1.16032004402742839, -0.103622044471123109, 0.606326392995832, 2.81198684491626, -0.02521836165988763, 0.03769367487038949},
  {8.34336671824457987, 4.12479856412430479, -0.403523417114321381, -1.01077434617879, 1.82566237123041, 0.00841576137658415, 0.011286326131968767},
}
local function energy()
  local e = 0
  for i, b in ipairs(bodies) do
    e = e + 0.5 * b[7] * (b[4] * b[4] + b[5] * b[5] + b[6] * b[6])
    for j = i + 1, #bodies do local c = bodies[j] local x, y, z = b[1] - c[1], b[2] - c[2], b[3] - c[3] e = e - b[7] * c[7] / math.sqrt(x * x + y * y + z * z) end
  end
  return e
end
print(string.format('%.9f', energy()))
for _ = 1, 2000 do
  for i, b in ipairs(bodies) do
    for j = i + 1, #bodies do
      local c = bodies[j]
      local x, y, z = b[1] - c[1], b[2] - c[2], b[3] - c[3]
      local d = x * x + y * y + z * z
      local m = 0.01 / (d * math.sqrt(d))
      for k, v in ipairs{x, y, z} do b[3 + k] = b[3 + k] - v * c[7] * m c[3 + k] = c[3 + k] + v * b[7] * m end
    end
  end
  for _, b in ipairs(bodies) do for k = 1, 3 do b[k] = b[k] + 0.01 * b[3 + k] end end
end
print(string.format('%.9f', energy()), bodies[2][1], bodies[3][2])
for y = -1.2, 1.2, 0.2 do
  local row = {}
  for x = -2, 0.6, 0.05 do
    local zr, zi, n = 0, 0, 0
    while n < 60 and zr * zr + zi * zi < 4 do zr, zi, n = zr * zr - zi * zi + x, 2 * zr * zi + y, n + 1 end
    row[#row + 1] = n == 60 and '#' or n > 10 and '+' or n > 4 and '.' or ' '
  end
  print(table.concat(row))
end
local function A(i, j) local ij = i + j - 1 return 1.0 / (ij * (ij - 1) * 0.5 + i) end
local function Av(x, y, n) for i = 1, n do local a = 0 for j = 1, n do a = a + x[j] * A(i, j) end y[i] = a end end
local function Atv(x, y, n) for i = 1, n do local a = 0 for j = 1, n do a = a + x[j] * A(j, i) end y[i] = a end end
local n, u, v, t = 40, {}, {}, {}
for i = 1, n do u[i] = 1 end
for _ = 1, 6 do Av(u, t, n) Atv(t, v, n) Av(v, t, n) Atv(t, u, n) end
local vBv, vv = 0, 0
for i = 1, n do vBv = vBv + u[i] * v[i] vv = vv + v[i] * v[i] end
print(string.format('%.9f', math.sqrt(vBv / vv)))
local m, p = {}, {}
for i = 1, 30 do m[i] = {} for j = 1, 30 do m[i][j] = (i * 31 + j * 17) % 23 / 7 end end
for i = 1, 30 do p[i] = {} for j = 1, 30 do local s = 0 for k = 1, 30 do s = s + m[i][k] * m[k][j] end p[i][j] = s end end
print(p[1][1], p[30][30], p[7][23])
local solutions = 0
local function place(row, columns, left, right)
  if row == 8 then solutions = solutions + 1 return end
  local free = ~(columns | left | right) & 0xff
  while free ~= 0 do local bit = free & -free free = free ~ bit place(row + 1, columns | bit, (left | bit) << 1, (right | bit) >> 1) end
end
place(0, 0, 0, 0)
print(solutions)
